import type { Command } from '@nestjs-workers/core/cli';
import { STORE_OPTIONS, withChosen } from '@nestjs-workers/outbox/cli';
import { workflowStoreOn } from '../workflows.stores.js';

/** The SQL of the migrations, for whoever applies it by hand. */
export const sql: Command = {
  summary: 'Prints the SQL of the migrations of the workflows, to be applied by hand.',
  options: { ...STORE_OPTIONS, after: { value: 'n', about: 'Only what comes after this migration.' } },
  run: (given, { say }) =>
    withChosen(given, async ({ store }) => {
      say((await workflowStoreOn(store)).migrations.sql(given.count('after', 0, 0)).trimEnd());
      return 0;
    }),
};
