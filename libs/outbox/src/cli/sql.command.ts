import type { Command } from '@nestjs-workers/core/cli';
import { STORE_OPTIONS, withChosen } from './store.choice.js';

/** For whoever applies migrations by hand, or with another tool. Touches no database. */
export const sql: Command = {
  summary: 'Prints the SQL of the migrations. Connects to nothing.',
  options: {
    ...STORE_OPTIONS,
    after: { value: 'n', about: 'Only migrations with a higher number. Default: 0, all of them.' },
  },
  notes: 'It records what it applies, so that a start, or "outbox migrate", finds nothing left to do.',
  run: async (given, { say }) => {
    const after = given.count('after', 0, 0);
    return withChosen(given, async ({ store }) => {
      say(store.migrations.sql(after).trimEnd());
      return 0;
    });
  },
};
