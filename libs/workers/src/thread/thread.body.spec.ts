import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished, vi } from 'vitest';
import { LedgerWriter, newLedger } from './ledger.js';
import { ThreadBody } from './thread.body.js';

it('a thread that has ended is looked at no more, whatever its last word brings about', async () => {
  const set = vi.spyOn(globalThis, 'setInterval');
  const clear = vi.spyOn(globalThis, 'clearInterval');
  onTestFinished(() => void vi.restoreAllMocks());
  const data = { toHost: newLedger(), toThread: newLedger() };
  const body = new ThreadBody(new Worker('', { eval: true }), data);
  // As the pool does: the word frees its place, and the next message is given to it.
  body.onWord = () => {
    body.hold(false);
    body.hold(true);
  };
  body.hold(false);
  new LedgerWriter(data.toHost).write(['done', 1, 'x'] as never);
  const alive = setTimeout(() => {}, 10_000);
  await body.ended;
  clearTimeout(alive);
  const cleared = new Set(clear.mock.calls.map(([timer]) => timer));
  expect(set.mock.results.filter(({ value }) => !cleared.has(value as NodeJS.Timeout))).toEqual([]);
});
