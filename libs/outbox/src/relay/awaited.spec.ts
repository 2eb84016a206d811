import { HeldClock, until } from '@nestjs-workers/core/testing';
import { describe, expect, it } from 'vitest';
import { bytesAlive } from '../../../../test/support/heap.js';
import type { Finished, Store } from '../store/store.js';
import { memoryStore } from '../testing/memory.store.js';
import { Awaited } from './awaited.js';
import { Line, newMessage, relayBench, turns } from './fixtures/bench.js';
import { Caller } from './fixtures/caller.js';

/** Two processes on one store; the caller waits in the first one, which has no room, and the other one works. */
async function twoProcesses() {
  const clock = new HeldClock();
  const store = memoryStore({ now: () => clock.wall() });
  const faults: unknown[] = [];
  let awaited: Awaited | undefined = undefined;
  const line = new Line(store);
  const here = await relayBench({
    clock,
    line,
    room: 0,
    parts: { callerOf: (id) => awaited?.find(id), onFinished: (id) => awaited?.finished(id) },
  });
  awaited = new Awaited(here.store, clock, (error) => faults.push(error));
  const there = await relayBench({ clock, line: new Line(store.another()), channel: { retry: 1 } });
  const ask = async (...callers: Caller[]): Promise<number> => {
    const [appended] = await store.append([newMessage(here.channel, { wantsResult: true })]);
    const id = appended?.id ?? 0;
    for (const caller of callers) awaited.add(id, caller, here.channel);
    there.relay.wake('a');
    await turns();
    return id;
  };
  return { clock, line, here, there, awaited, ask, faults };
}

describe('a caller whose message is run by another process', () => {
  it('is answered when the outcome is recorded', async () => {
    const { there, ask } = await twoProcesses();
    const caller = new Caller();
    await ask(caller);
    await there.hand.given[0]?.settle({ type: 'done', value: { sum: 3 } });
    await turns();
    expect(caller.heard).toEqual([{ sum: 3 }]);
  });

  it('is answered by the next look when the word of it does not arrive', async () => {
    const { there, ask, line, clock, faults } = await twoProcesses();
    const caller = new Caller();
    await ask(caller);
    line.next('finished', 'refuse');
    await there.hand.given[0]?.settle({ type: 'done', value: 1 });
    await turns();
    expect([caller.state, faults]).toMatchObject(['waiting', [{ code: 'STORE_UNREACHABLE' }]]);
    await clock.advance(250);
    expect(caller.heard).toEqual([1]);
  });

  it('is refused when the message is a dead letter', async () => {
    const { there, ask } = await twoProcesses();
    const caller = new Caller();
    await ask(caller);
    const fault = { kind: 'handler_error' as const, retryable: true, error: new Error('no') };
    await there.hand.given[0]?.settle({ type: 'failed', fault });
    await turns();
    expect(caller.heard).toEqual(['MessageBuriedError']);
    expect(caller.refusal).toMatchObject({ reason: 'attempts', cause: { message: 'no' } });
  });

  it('is refused when too many hosts died with its message, which nobody could say anything of', async () => {
    const { there, ask, clock } = await twoProcesses();
    const caller = new Caller();
    await ask(caller);
    const { store } = there.line;
    const deaf = { onWake: () => {}, onFinished: () => {}, onLost: () => {}, onFault: () => {} };
    const watcher = await store.enroll({ name: 'watcher', leaseMs: 30_000, ...deaf });
    store.kill(there.relay.place?.host ?? 0);
    await store.takeOver(watcher, ['a'], 1);
    await clock.advance(250);
    expect(caller.refusal).toMatchObject({ name: 'MessageBuriedError', reason: 'crashed', cause: undefined });
  });

  it('is answered at once when its outcome is recorded while the store is asked for another', async () => {
    const { there, ask, line } = await twoProcesses();
    const [first, second] = [new Caller(), new Caller()];
    await ask(first);
    await ask(second);
    line.next('finished', async () => {
      await there.hand.given[1]?.settle({ type: 'done', value: 2 });
      await turns();
    });
    await there.hand.given[0]?.settle({ type: 'done', value: 1 });
    await turns(30);
    expect([first.heard, second.heard]).toEqual([[1], [2]]);
  });

  it('is not the only one: each that waits for the same message is answered', async () => {
    const { there, ask, awaited } = await twoProcesses();
    const callers = [new Caller(), new Caller()];
    const id = await ask(...callers);
    expect(awaited.find(id)).toBeUndefined();
    await there.hand.given[0]?.settle({ type: 'done', value: 1 });
    await turns();
    expect(callers.map(({ heard }) => heard)).toEqual([[1], [1]]);
  });

  it.each([
    ['answered with what the message was recorded to come to, where somebody wanted it', true, 1],
    ['refused when the message is over and nothing is recorded', false, 'ResultNotKeptError'],
  ])('is, where it asked for a message that was there already, %s', async (_, wantsResult, heard) => {
    const { there, awaited, here, line, clock } = await twoProcesses();
    const [appended] = await line.store.append([newMessage(here.channel, { wantsResult })]);
    there.relay.wake('a');
    await turns();
    const caller = new Caller();
    awaited.add(appended?.id ?? 0, caller, here.channel, 'duplicate');
    await clock.advance('1s');
    expect(caller.state).toBe('waiting');
    await there.hand.given[0]?.settle({ type: 'done', value: 1 });
    await clock.advance('1s');
    expect(caller.heard).toEqual([heard]);
  });

  it('is answered at once where it asked for a message that is over already', async () => {
    const { there, ask, awaited, here } = await twoProcesses();
    const id = await ask(new Caller());
    await there.hand.given[0]?.settle({ type: 'done', value: 1 });
    await turns();
    const caller = new Caller();
    awaited.add(id, caller, here.channel, 'duplicate');
    await turns();
    expect(caller.heard).toEqual([1]);
  });

  it('is refused with what is wrong where the record of its message cannot be read', async () => {
    const { line, awaited, here } = await twoProcesses();
    const { store } = line;
    const deaf = { onWake: () => {}, onFinished: () => {}, onLost: () => {}, onFault: () => {} };
    const seat = await store.enroll({ name: 'another', leaseMs: 30_000, ...deaf });
    await store.append([newMessage(here.channel, { wantsResult: true })]);
    const [claimed] = await store.claim(seat, [{ channel: 'a', room: 1 }]);
    const { id, claim } = claimed!;
    await store.settle(seat, [{ id, claim, type: 'done', result: '{', keepMs: 1_000, routed: [] }]);
    const caller = new Caller();
    awaited.add(id, caller, here.channel);
    awaited.finished(id);
    await turns();
    expect(caller.heard).toEqual(['SyntaxError']);
  });

  it('has the store asked by one at a time, and no more once it is answered', async () => {
    const { there, ask, awaited, line, clock } = await twoProcesses();
    const asked = (): number => line.calls.filter((verb) => verb === 'finished').length;
    const id = await ask(new Caller());
    let meanwhile = 0;
    line.next('finished', async () => {
      for (let times = 0; times < 3; times++) awaited.finished(id);
      await turns();
      meanwhile = asked();
    });
    await there.hand.given[0]?.settle({ type: 'done', value: 1 });
    await turns(30);
    const before = asked();
    awaited.finished(id);
    await clock.advance('1s');
    expect([meanwhile, asked() - before]).toEqual([1, 0]);
  });

  it('has nothing kept of looks in vain, while words come without a pause', async () => {
    const { here, line } = await twoProcesses();
    const [FEW, MANY] = [1_000, 21_000];
    const bytes: number[] = [];
    let looks = 0;
    const finished = async (ids: readonly number[]): Promise<readonly Finished[]> => {
      looks++;
      if (looks === FEW || looks === MANY) bytes.push(await bytesAlive());
      if (looks < MANY) awaited.finished(1);
      return line.store.finished(ids);
    };
    const store = Object.assign(Object.create(line.store) as Store, { finished });
    const awaited = new Awaited(store, new HeldClock(), () => {});
    awaited.add(1, new Caller(), here.channel);
    awaited.finished(1);
    await until(() => bytes.length === 2);
    expect((bytes[1] ?? 0) - (bytes[0] ?? 0)).toBeLessThan(2_000_000);
  });

  it('is forgotten when the application stops, with the alarm for the next look', async () => {
    const { line, here } = await twoProcesses();
    const clock = new HeldClock();
    const awaited = new Awaited(line.store, clock, () => {});
    awaited.add(1, new Caller(), here.channel);
    expect([clock.pending, awaited.find(1) !== undefined]).toEqual([1, true]);
    awaited.stop();
    expect([clock.pending, awaited.find(1)]).toEqual([0, undefined]);
  });

  it('is forgotten when it has left, and the store is not asked any more', async () => {
    const { ask, line, clock } = await twoProcesses();
    const caller = new Caller();
    await ask(caller);
    caller.state = 'left';
    await clock.advance('1s');
    const asked = line.calls.filter((verb) => verb === 'finished').length;
    await clock.advance('1s');
    expect(line.calls.filter((verb) => verb === 'finished')).toHaveLength(asked);
  });
});
