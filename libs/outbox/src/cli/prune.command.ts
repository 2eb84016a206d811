import type { Command } from '@nestjs-workers/core/cli';
import type { Pruned } from '../store/store.js';
import { STORE_OPTIONS, withOpen } from './store.choice.js';

const KINDS: readonly (keyof Pruned)[] = ['finished', 'deduplications', 'ticks', 'once'];

/** Removes what has outlived its time, as a running application does every minute. Messages and dead letters are never removed. */
export const prune: Command = {
  summary: 'Removes kept results, and keys and ticks, that have outlived their time. No message, no dead letter.',
  options: {
    ...STORE_OPTIONS,
    batch: { value: 'n', about: 'How many rows of each kind in one statement. Default: 1000.' },
    'max-finished': { value: 'n', about: 'How many results each channel keeps at most. Default: 100000.' },
  },
  run: async (given, { say }) => {
    const batch = given.count('batch', 1, 1_000);
    const maxFinished = given.count('max-finished', 0, 100_000);
    return withOpen(given, async (store) => {
      const removed = { finished: 0, deduplications: 0, ticks: 0, once: 0 };
      let most = batch;
      while (most >= batch) {
        const pruned = await store.prune(batch, { maxFinished });
        for (const kind of KINDS) removed[kind] += pruned[kind];
        most = Math.max(...Object.values(pruned));
      }
      say(`removed: ${KINDS.map((kind) => `${removed[kind]} ${kind}`).join(', ')}`);
      return 0;
    });
  },
};
