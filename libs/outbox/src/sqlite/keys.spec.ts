import { expect, it, onTestFinished } from 'vitest';
import type { Host, Seat, Settlement, Store } from '../store/store.js';
import { FileBench, message } from './fixtures/bench.js';

const failure = { attempt: 1, kind: 'handler_error', message: 'no', host: 'one' };
const host: Host = {
  name: 'one',
  leaseMs: 60_000,
  onWake: () => {},
  onFinished: () => {},
  onLost: () => {},
  onFault: () => {},
};

async function scene(): Promise<{
  bench: FileBench;
  store: Store;
  seat: Seat;
  claim: () => Promise<readonly { id: number; claim: number }[]>;
}> {
  const bench = await FileBench.make();
  onTestFinished(() => bench.close());
  const store = await bench.open();
  const seat = await store.enroll(host);
  return { bench, store, seat, claim: () => store.claim(seat, [{ channel: 'a', room: 10 }]) };
}

const keyed = message({ key: 'k' });

it('a dead letter that is retried behind a claimed one of its key goes first when that one is given back', async () => {
  const { store, seat, claim } = await scene();
  const [older, newer] = await store.append([keyed, keyed]);
  const end = async (settlement: object): Promise<void> => {
    const [held] = await claim();
    await store.settle(seat, [Object.assign({ id: held?.id, claim: held?.claim }, settlement) as Settlement]);
  };
  await end({ type: 'bury', reason: 'x', failure, result: null, keepMs: 0 });
  const [held] = await claim();
  expect(held?.id).toBe(newer?.id);
  await store.deadLetters.retry({});
  expect(await claim()).toEqual([]);
  await store.settle(seat, [{ id: held?.id ?? 0, claim: held?.claim ?? 0, type: 'release' }]);
  expect((await claim()).map(({ id }) => id)).toEqual([older?.id]);
});

it('a long line of one key lies in no index that a claim looks at, but for its head', async () => {
  const { bench, store, claim } = await scene();
  const [first] = await store.append(Array.from({ length: 1_500 }, () => keyed));
  const others = await store.append([message({ key: 'other' }), message()]);
  const handle = await bench.handle();
  const ready = handle.prepare(
    `select count(*) as count from nestjs_workers_message indexed by nestjs_workers_message_ready
     where host is null and due_at_ms is null and is_head = 1 and is_suspect = 0`,
  );
  expect(ready.all([])).toMatchObject([{ count: 3 }]);
  expect((await claim()).map(({ id }) => id)).toEqual([first, ...others].map((one) => one?.id));
  expect(ready.all([])).toMatchObject([{ count: 0 }]);
});
