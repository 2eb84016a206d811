import { expect, it, onTestFinished, vi } from 'vitest';
import { FileBench, message } from './fixtures/bench.js';

/** A host that counts how often it is woken, and somebody else who writes into the same file. */
async function scene() {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const bench = await FileBench.make();
  onTestFinished(async () => {
    vi.useRealTimers();
    await bench.close();
  });
  const store = await bench.open();
  const other = await bench.handle();
  other.exec('create table orders (id integer primary key)');
  const heard: unknown[] = [];
  const deaf = { onFinished: () => {}, onLost: () => {}, onFault: (error: unknown) => void heard.push(error) };
  await store.enroll({ name: 'h', leaseMs: 60_000, ...deaf, onWake: () => void heard.push('woken') });
  return {
    store,
    bench,
    /** How often the host was woken in the meantime. */
    pass: (ms: number): number => {
      vi.advanceTimersByTime(ms);
      return heard.splice(0).length;
    },
    commit: () => other.exec('insert into orders default values'),
  };
}

it('hears within 25 ms of a commit of another connection, once', async () => {
  const { pass, commit } = await scene();
  commit();
  expect([pass(25), pass(500)]).toEqual([1, 0]);
  // Within two seconds of the last one it looks as often.
  pass(1_400);
  commit();
  expect(pass(25)).toBe(1);
});

it('hears within 100 ms after two quiet seconds, and the next one within 25 ms again', async () => {
  const { pass, commit } = await scene();
  pass(2_000);
  commit();
  expect([pass(99), pass(1)]).toEqual([0, 1]);
  commit();
  expect(pass(25)).toBe(1);
});

it('looks every 25 ms as soon as something was put here, in whatever transaction', async () => {
  const { pass, commit, store, bench } = await scene();
  pass(2_000);
  await store.wake(['a']);
  expect(pass(0)).toBe(1);
  commit();
  expect(pass(25)).toBe(1);
  pass(2_000);
  const transaction = await bench.begin();
  await store.append([message()], transaction.within);
  await transaction.commit();
  expect(pass(25)).toBe(1);
});
