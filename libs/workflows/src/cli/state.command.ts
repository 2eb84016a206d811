import { inspect } from 'node:util';
import { aligned, type Command, harmless, timeOf } from '@nestjs-workers/core/cli';
import { STORE_OPTIONS } from '@nestjs-workers/outbox/cli';
import { replay } from '../decider/replay.js';
import { CODE_OPTION, codeOf, wordsOf, withWorkflows } from './workflow.choice.js';

/** How an instance stands. */
export const state: Command = {
  summary: 'Says how an instance stands: its version, its timers, and with --code its state.',
  words: '<workflow> <id>',
  options: { ...STORE_OPTIONS, ...CODE_OPTION },
  notes: 'Exits with 1 when there is no such instance.',
  run: async (given, { say }) => {
    const [workflow = '', id = ''] = wordsOf(given, 'workflow', 'id');
    const blueprint = await codeOf(given, workflow);
    return withWorkflows(given, async (store) => {
      const instance = { workflow, id };
      const loaded = await store.load(instance, undefined);
      if (loaded.version === 0) {
        say(`Workflow "${workflow}" has no instance "${harmless(id)}".`);
        return 1;
      }
      say(`${harmless(id)}: ${loaded.isCompleted ? 'completed' : 'running'}, version ${loaded.version}`);
      const timers = await store.timers(instance);
      if (timers.length > 0)
        say(
          aligned(
            timers.map(({ key, dueAtMs, isFired }) => [
              `timer ${harmless(key)}`,
              isFired ? 'due since' : 'due at',
              timeOf(dueAtMs),
            ]),
          ).join('\n'),
        );
      if (blueprint !== undefined) say(inspect((await replay(blueprint, id, loaded)).state, { depth: 10 }));
      return 0;
    });
  },
};
