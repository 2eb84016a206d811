import { aligned, type Command, harmless, timeOf, UsageError } from '@nestjs-workers/core/cli';
import { STORE_OPTIONS } from '@nestjs-workers/outbox/cli';
import type { InstanceQuery } from '../store/store.js';
import { withWorkflows } from './workflow.choice.js';

/** Instances, the latest begun first. */
export const list: Command = {
  summary: 'Lists instances, the latest begun first.',
  words: '[workflow]',
  options: {
    ...STORE_OPTIONS,
    state: { value: 'running|completed', about: 'Only those in this state.' },
    limit: { value: 'n', about: 'At most so many. Default: 20.' },
    json: { about: 'As a JSON array.' },
  },
  run: async (given, { say }) => {
    const limit = given.count('limit', 1, 20);
    const state = given.text('state');
    if (state !== undefined && state !== 'running' && state !== 'completed')
      throw new UsageError(`--state: expected running or completed, got "${state}".`);
    const [workflow, ...more] = given.words;
    if (more.length > 0) throw new UsageError(`expected one workflow at most, got "${given.words.join(' ')}".`);
    return withWorkflows(given, async (store) => {
      const query: InstanceQuery = {
        ...(workflow === undefined ? {} : { workflow }),
        ...(state === undefined ? {} : { state }),
      };
      const rows = await store.list(query, { limit });
      if (given.has('json')) say(JSON.stringify(rows, undefined, 2));
      else if (rows.length === 0) say('No instance.');
      else
        say(
          aligned([
            ['workflow', 'id', 'state', 'version', 'changed'],
            ...rows.map((row) => [
              row.workflow,
              harmless(row.id),
              row.state,
              `${row.version}`,
              timeOf(row.changedAtMs),
            ]),
          ]).join('\n'),
        );
      return 0;
    });
  },
};
