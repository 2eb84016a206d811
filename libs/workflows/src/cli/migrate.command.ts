import type { Command } from '@nestjs-workers/core/cli';
import { assertThere, STORE_OPTIONS, withChosen } from '@nestjs-workers/outbox/cli';
import { workflowStoreOn } from '../workflows.stores.js';

/** Brings the tables of the workflows up to date, beside those of the outbox. */
export const migrate: Command = {
  summary: 'Makes the tables of the workflows, or brings them up to date.',
  options: STORE_OPTIONS,
  notes: 'The tables of the outbox have to be there: "nestjs-workers outbox migrate".',
  run: (given, { say }) =>
    withChosen(given, async (chosen) => {
      assertThere(chosen);
      await chosen.store.open({ migrate: false });
      const applied = await (await workflowStoreOn(chosen.store)).migrations.run();
      say(
        applied.length === 0
          ? 'Nothing to do: every migration is applied.'
          : applied.map((name) => `applied ${name}`).join('\n'),
      );
      return 0;
    }),
};
