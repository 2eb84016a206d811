import type { Command } from '@nestjs-workers/core/cli';
import { STORE_OPTIONS, withChosen } from './store.choice.js';

/** Brings the tables up to date. Processes that try at the same time do it once. */
export const migrate: Command = {
  summary: 'Makes the tables, or applies the migrations that are missing, and says which.',
  options: STORE_OPTIONS,
  run: (given, { say }) =>
    withChosen(given, async ({ store, place }) => {
      const applied = await store.migrations.run();
      for (const name of applied) say(`applied: ${name}`);
      const all = await store.migrations.status();
      say(`${place} is up to date: ${all.length} of ${all.length} migrations applied, ${applied.length} of them now.`);
      return 0;
    }),
};
