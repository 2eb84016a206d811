import { expect, describe, it } from 'vitest';
import type { Outcome } from '@nestjs-workers/core';
import { asError } from '@nestjs-workers/core/extension';
import { ClaimLostError } from '../channel/channel.errors.js';
import { newMessage, relayBench, turns } from './fixtures/bench.js';
import { Caller } from './fixtures/caller.js';

const DONE: Outcome = { type: 'done', value: undefined };

/** What a promise came to, as a word. */
function word(settling: Promise<unknown> | undefined): Promise<string> {
  if (settling === undefined) return Promise.resolve('nothing');
  return settling.then(
    () => 'settled',
    (error: unknown) => asError(error).name,
  );
}

describe('what a relay claims', () => {
  it('is the next message of a key as soon as the one before is settled, in the same transaction', async () => {
    const { hand, put, line } = await relayBench();
    await put({ key: 'k' }, { key: 'k' }, { key: 'k' });
    for (const index of [0, 1, 2]) {
      await hand.given[index]?.settle(DONE);
      hand.free();
      await turns();
    }
    expect(hand.ids).toEqual([1, 2, 3]);
    expect(line.calls.filter((verb) => verb === 'exchange')).toHaveLength(3);
  });

  it('is at once again what is to be tried again without waiting', async () => {
    const { hand, put } = await relayBench({ channel: { retry: { backoff: { delay: 0 } } } });
    await put({});
    await hand.given[0]?.settle({
      type: 'failed',
      fault: { kind: 'handler_error', retryable: true, error: new Error() },
    });
    await turns();
    expect(hand.given.map(({ claimed }) => claimed.attempt)).toEqual([1, 2]);
  });

  it('includes what was put while the store answered', async () => {
    const { relay, hand, line, channel } = await relayBench();
    line.next('claim', async () => {
      await line.store.append([newMessage(channel)]);
      relay.wake('a');
    });
    relay.wake('a');
    await turns();
    expect(hand.ids).toEqual([1]);
  });

  it('is no more than there is room for while payloads are checked', async () => {
    const schema = { version: 1 as const, vendor: 'test', validate: () => new Promise<never>(() => {}) };
    const { line, put } = await relayBench({ room: 2, channel: { payload: { '~standard': schema } } });
    await put({}, {}, {}, {}, {});
    expect((await line.store.stats())['a']).toMatchObject({ claimed: 2, ready: 3 });
  });
});

describe('a claim whose answer was lost', () => {
  it('goes back and comes again', async () => {
    const { hand, line, put, clock } = await relayBench();
    line.next('claim', 'lose the answer');
    await put({});
    expect(hand.ids).toEqual([]);
    await clock.advance(50);
    await turns();
    expect([hand.ids, hand.given[0]?.claimed.attempt]).toEqual([[1], 1]);
  });

  // Found by seed 18.
  it('goes back when it is of a message whose settlement was lost in the same answer', async () => {
    const { hand, line, put, clock } = await relayBench({ channel: { retry: { backoff: { delay: 0 } } } });
    await put({});
    line.next('exchange', 'lose the answer');
    const fault = { kind: 'handler_error' as const, retryable: true, error: new Error() };
    const settling = word(hand.given[0]?.settle({ type: 'failed', fault }));
    await turns();
    await clock.advance(50);
    await turns();
    expect([await settling, hand.given.map(({ claimed }) => claimed.attempt)]).toEqual(['settled', [1, 2]]);
    await hand.given[1]?.settle(DONE);
    expect(await line.store.stats()).toEqual({});
  });
});

describe('a suspect', () => {
  async function withSuspect(payload = '{}', lineFails = (_: Bench['line']): void => {}) {
    const bench = await relayBench();
    lineFails(bench.line);
    const seat = await dyingHost(bench.line);
    await bench.line.store.append([newMessage(bench.channel, { payload })]);
    await bench.line.store.claim(seat, [{ channel: 'a', room: 1 }]);
    bench.line.store.kill(seat.host);
    bench.relay.noteSuspects((await takeOver(bench.line)).suspects);
    await turns();
    return bench;
  }

  it('runs with nothing beside it, and what waits runs when it is over', async () => {
    const { hand, put } = await withSuspect();
    await put({}, {});
    expect(hand.ids).toEqual([1]);
    await hand.given[0]?.settle(DONE);
    await turns();
    expect(hand.ids).toEqual([1, 2, 3]);
  });

  it('does not hold the others up for longer than a lease', async () => {
    const { hand, put, relay, clock } = await withSuspect();
    await put({});
    for (let i = 0; i < 4; i++) {
      await clock.advance('10s');
      await relay.renew();
    }
    relay.lookEverywhere();
    await turns();
    expect(hand.ids).toEqual([1, 2]);
  });

  it('whose claim was lost with its answer goes back and comes again', async () => {
    const { hand, clock } = await withSuspect('{}', (line) => line.next('claimSuspect', 'lose the answer'));
    expect(hand.ids).toEqual([]);
    await clock.advance(50);
    await turns();
    expect([hand.ids, hand.given[0]?.claimed.attempt]).toEqual([[1], 2]);
  });

  it('that cannot be read is buried, and the others go on', async () => {
    const { hand, put, line } = await withSuspect('not json');
    await put({});
    expect([hand.ids, await line.store.deadLetters.count({})]).toEqual([[2], 1]);
  });
});

describe('a settlement whose answer was lost', () => {
  it('is settled once, and is known to be', async () => {
    const { hand, line, put, clock } = await relayBench();
    await put({});
    line.next('settle', 'lose the answer');
    const settling = word(hand.given[0]?.settle(DONE));
    await turns();
    await clock.advance(50);
    expect([await settling, await line.store.stats()]).toEqual(['settled', {}]);
  });

  // Found by seed 118.
  it('is not believed to be written when the seat was lost meanwhile and nobody said so', async () => {
    const { hand, line, put, clock, relay } = await relayBench();
    await put({});
    line.next('settle', 'refuse');
    const settling = hand.given[0]?.settle(DONE).catch((error: unknown) => error);
    await turns();
    // The others take it over, and the word of it does not arrive.
    const seat = relay.place;
    line.store.kill(seat?.host ?? 0);
    await takeOver(line);
    await clock.advance(50);
    // Found by seed 40891: whoever waits is told that it may be recorded, because nobody else will answer then.
    expect(await settling).toMatchObject({ name: 'ClaimLostError', mayBeRecorded: true });
  });

  // Found by seed 508370.
  it('is not taken for written because a seat was taken again meanwhile', async () => {
    const { hand, line, put, clock, relay } = await relayBench();
    await put({});
    line.next('settle', 'refuse');
    const settling = word(hand.given[0]?.settle(DONE));
    await turns();
    line.store.kill(relay.place?.host ?? 0);
    await takeOver(line);
    // The answer, that the claim is not its own, comes when it has another seat.
    line.next('settle', async () => {
      await clock.advance('31s');
      await turns();
    });
    await clock.advance(50);
    await turns(20);
    expect([await settling, relay.place !== undefined]).toEqual(['ClaimLostError', true]);
  });

  it('comes to an end at the close even if the store is gone for good', async () => {
    const { hand, line, put, clock, relay } = await relayBench();
    await put({});
    line.isCut = true;
    const settling = word(hand.given[0]?.settle(DONE));
    const closing = relay.close();
    await clock.advance('31s');
    await closing;
    expect(await settling).toBe('ClaimLostError');
  });

  it('is written at the close when the store comes back', async () => {
    const { hand, line, put, clock, relay } = await relayBench();
    await put({});
    line.isCut = true;
    const settling = word(hand.given[0]?.settle(DONE));
    await turns();
    const closing = relay.close();
    await turns();
    line.isCut = false;
    await clock.advance('1s');
    await closing;
    expect([await settling, await line.store.stats()]).toEqual(['settled', {}]);
  });
});

describe('a store that does not answer', () => {
  it('is told once each time, and once when it answers again', async () => {
    const { hand, line, put, clock, told } = await relayBench();
    await put({}, {}, {});
    const relayTold: string[][] = [];
    for (const given of hand.given) {
      told.length = 0;
      line.isCut = true;
      const settling = given.settle(DONE);
      await clock.advance('2s');
      line.isCut = false;
      await clock.advance('5s');
      await settling;
      relayTold.push(told.filter((event) => event.startsWith('workers.relay')));
    }
    const times = Array.from({ length: 3 }, () => ['workers.relay unreachable', 'workers.relay claiming']);
    expect(relayTold).toEqual(times);
  });
});

describe('a caller', () => {
  it('is not told of a retry that was perhaps written when the seat was lost: its message runs again', async () => {
    const caller = new Caller();
    const { hand, line, put, clock } = await relayBench({ channel: { retry: 9 }, parts: { callerOf: () => caller } });
    await put({ wantsResult: true });
    line.next('settle', 'lose the answer');
    line.next('settle', 'refuse');
    const fault = { kind: 'handler_error', retryable: true, error: new Error('no') } as const;
    const [delivery] = hand.given;
    const settling = delivery?.settle({ type: 'failed', fault }).catch((error: unknown) => error);
    await turns();
    line.isCut = true;
    await clock.advance('31s');
    const refused = await settling;
    delivery?.message.reply?.refuse(refused as Error);
    expect([refused, caller.state]).toMatchObject([{ name: 'ClaimLostError', mayBeRecorded: true }, 'waiting']);
  });
});

describe('what is no plain data', () => {
  it('becomes a dead letter at once, and is told as that', async () => {
    const caller = new Caller();
    const keep = '1h';
    const { hand, line, put } = await relayBench({ channel: { retry: 9, keep }, parts: { callerOf: () => caller } });
    await put({ wantsResult: true });
    const [delivery] = hand.given;
    const refused = await delivery?.settle({ type: 'done', value: () => {} }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'NotPortableError' });
    delivery?.message.reply?.refuse(refused as Error);
    expect(caller.refusal).toMatchObject({ name: 'MessageBuriedError', reason: 'permanent', cause: refused });
    expect(await line.store.deadLetters.find({}, { limit: 9 })).toMatchObject([{ reason: 'permanent', attempt: 1 }]);
  });
});

describe('what the store will not write', () => {
  it('becomes a dead letter, and takes nothing else with it', async () => {
    const { hand, line, put, told } = await relayBench();
    await put({}, {}, {});
    line.next('settle', new TypeError('too long'));
    line.next('settle', () => {});
    line.next('settle', new TypeError('too long'));
    const settling = hand.given.map((delivery) => word(delivery.settle(DONE)));
    expect(await Promise.all(settling)).toEqual(['settled', 'TypeError', 'settled']);
    await turns();
    expect(await line.store.deadLetters.find({}, { limit: 9 })).toMatchObject([{ id: 2, reason: 'unwritable' }]);
    expect(told).toContain('workers.buried');
  });

  it('is told to the caller, as what it is: a dead letter, also where it was to be tried again', async () => {
    const failed: Outcome = {
      type: 'failed',
      fault: { kind: 'handler_error', retryable: true, error: new Error('no') },
    };
    for (const outcome of [DONE, failed]) {
      const caller = new Caller();
      const { hand, line, put } = await relayBench({ channel: { retry: 9 }, parts: { callerOf: () => caller } });
      await put({ wantsResult: true });
      line.next('settle', new TypeError('too long'));
      line.next('settle', new TypeError('too long'));
      const [delivery] = hand.given;
      const refused = await delivery?.settle(outcome).catch((error: unknown) => error);
      delivery?.message.reply?.refuse(refused as Error);
      expect(caller.refusal).toMatchObject({
        name: 'MessageBuriedError',
        reason: 'unwritable',
        cause: { message: 'too long' },
      });
    }
  });

  it('is told as well where what cannot be read cannot be written as that', async () => {
    const caller = new Caller();
    const { put, line } = await relayBench({ parts: { callerOf: () => caller } });
    line.next('settle', new TypeError('too long'));
    line.next('settle', new TypeError('too long'));
    await put({ payload: 'not json', wantsResult: true });
    await turns();
    expect(await line.store.deadLetters.find({}, { limit: 9 })).toMatchObject([{ reason: 'unwritable' }]);
    expect(caller.refusal).toMatchObject({ name: 'MessageBuriedError', reason: 'unwritable' });
  });

  it('becomes a dead letter also where it is that a message waited for too long', async () => {
    const { line, put, clock, hand } = await relayBench({ room: 0 });
    await put({ expiresMs: 5 });
    await clock.advance('1s');
    line.next('exchange', new TypeError('too long'));
    line.next('settle', new TypeError('too long'));
    line.next('settle', new TypeError('too long'));
    hand.free();
    await turns();
    await clock.advance('5s');
    expect((await line.store.stats())['a']).toMatchObject({ claimed: 0, dead: 1 });
  });

  it('is tried again when it cannot be written as a dead letter either, and its caller goes on waiting', async () => {
    const caller = new Caller();
    const { hand, line, put } = await relayBench({ parts: { callerOf: () => caller } });
    await put({ wantsResult: true });
    for (let times = 0; times < 4; times++) line.next('settle', new TypeError('too long'));
    const [delivery] = hand.given;
    const refused = await delivery?.settle(DONE).catch((error: unknown) => error);
    delivery?.message.reply?.refuse(refused as Error);
    expect([caller.state, await line.store.deadLetters.count({})]).toEqual(['waiting', 0]);
  });

  it('is settled again with all that is left when the line is cut on the way', async () => {
    const { hand, line, put, clock } = await relayBench();
    await put({}, {}, {});
    line.next('settle', new TypeError('too long'));
    line.next('settle', () => {});
    line.next('settle', 'refuse');
    const settling = hand.given.map((delivery) => word(delivery.settle(DONE)));
    await turns();
    await clock.advance(50);
    expect(await Promise.all(settling)).toEqual(['settled', 'settled', 'settled']);
  });
});

describe('a seat', () => {
  // Found by seed 36.
  it('is given up when its lease was not renewed in time, also when the store cannot be reached', async () => {
    const { hand, line, put, clock, told } = await relayBench();
    await put({});
    line.isCut = true;
    await clock.advance('30s');
    expect([hand.disowned, told.includes('workers.relay lost')]).toEqual([['1'], true]);
    await expect(hand.given[0]?.settle(DONE)).rejects.toThrow(ClaimLostError);
  });

  // Found by seed 10129.
  it('that was given later than a lease after it was asked for is not believed in', async () => {
    const { relay, line, clock } = await relayBench({ isStarted: false });
    line.next('enroll', () => clock.advance('30s'));
    await expect(relay.start()).rejects.toThrow('longer than a lease');
    expect(relay.place).toBeUndefined();
    expect(line.calls.slice(-2)).toEqual(['enroll', 'leave']);
  });

  it('is taken anew when the store comes back', async () => {
    const { hand, line, put, clock } = await relayBench();
    line.isCut = true;
    await clock.advance('31s');
    line.isCut = false;
    await clock.advance('5s');
    await put({});
    expect(hand.ids).toEqual([1]);
  });

  it('is kept while what is left is settled', async () => {
    const { relay, hand, put, clock } = await relayBench();
    await put({});
    relay.stop();
    for (let i = 0; i < 6; i++) {
      await clock.advance('10s');
      await relay.renew();
    }
    expect(hand.disowned).toEqual([]);
    await hand.given[0]?.settle(DONE);
  });

  it('that cannot be left does not keep an application from its end', async () => {
    const { relay, line, told } = await relayBench();
    line.next('leave', 'refuse');
    await relay.close();
    expect(told).toContain('workers.fault');
  });
});

describe('a relay', () => {
  it('is stopped while it starts, and claims nothing', async () => {
    const { relay, line, channel, hand } = await relayBench({ isStarted: false });
    await line.store.append([newMessage(channel)]);
    const starting = relay.start();
    await relay.close();
    await starting;
    await turns();
    expect([hand.ids, relay.place]).toEqual([[], undefined]);
  });

  it('is closed without being started, and twice', async () => {
    const { relay } = await relayBench({ isStarted: false });
    await relay.close();
    await relay.close();
    await relay.start();
    expect(relay.place).toBeUndefined();
  });

  it('may be started again when the store could not be reached', async () => {
    const { relay, line, hand, put } = await relayBench({ isStarted: false });
    line.next('enroll', 'refuse');
    await expect(relay.start()).rejects.toThrow('cannot be reached');
    await relay.start();
    await put({});
    expect(hand.ids).toEqual([1]);
    await relay.close();
  });

  it('does not wait for the store to come back before it stops', async () => {
    const { relay, line, put, clock } = await relayBench();
    line.isCut = true;
    await put({});
    await relay.close();
    expect(clock.now()).toBe(0);
  });

  it('gives back at the stop what no handler was entered with', async () => {
    const { relay, line, put } = await relayBench({ room: 1, channel: { prefetch: 3 } });
    await put({}, {}, {}, {});
    relay.stop();
    await turns();
    expect((await line.store.stats())['a']).toMatchObject({ claimed: 1, ready: 3 });
  });
});

describe('a function of the channel that throws', () => {
  const thrower = (): never => {
    throw new TypeError('of the user');
  };

  it.each([
    ['retryIf', { retryIf: thrower }],
    ['backoff', { backoff: thrower }],
  ] as const)('(%s) is told, and its message is tried again as the table says', async (_, retry) => {
    const { hand, put, told } = await relayBench({ channel: { retry } });
    await put({});
    const error = new Error('no');
    await hand.given[0]?.settle({ type: 'failed', fault: { kind: 'handler_error', retryable: true, error } });
    expect(told).toContain('workers.fault');
    expect(told).toContain('workers.retry');
  });
});

describe('what is claimed in advance', () => {
  it('is what the worker began in 5 ms, and goes back when it stands still', async () => {
    const { relay, line, hand, put, clock } = await relayBench({ room: 20 });
    const stored = async () => (await line.store.stats())['a'];
    await put(...Array.from({ length: 20 }, () => ({})));
    await clock.advance(5);
    hand.room = 1;
    await put(...Array.from({ length: 10 }, () => ({})));
    expect([hand.given.length, await stored()]).toMatchObject([21, { claimed: 30, ready: 0 }]);

    relay.reconsider();
    await turns();
    expect(await stored()).toMatchObject({ claimed: 30 });
    relay.reconsider();
    await turns();
    expect([hand.given.length, await stored()]).toMatchObject([21, { claimed: 21, ready: 9 }]);
  });

  it('lets as many more outcomes be unsettled', async () => {
    const { hand } = await relayBench({ channel: { prefetch: 30 } });
    expect(hand.unsettledAllowed).toBe(30);
  });
});

describe('what cannot be read', () => {
  it('is told to whoever waits for it here', async () => {
    let refused: Error | undefined;
    const caller = {
      state: 'waiting' as const,
      onLeave: undefined,
      answer: () => true,
      refuse: (error: Error) => (refused = error) !== undefined,
      progress: () => {},
    };
    const { put, line } = await relayBench({ parts: { callerOf: () => caller } });
    await put({ payload: 'not json', wantsResult: true });
    expect(refused).toMatchObject({ name: 'MessageBuriedError', reason: 'permanent', cause: { name: 'SyntaxError' } });
    expect(await line.store.deadLetters.count({})).toBe(1);
  });
});

type Bench = Awaited<ReturnType<typeof relayBench>>;

/** A host that claims and is then killed. */
async function dyingHost({ store }: Bench['line']) {
  const deaf = { onWake: () => {}, onFinished: () => {}, onLost: () => {}, onFault: () => {} };
  return store.enroll({ name: 'there', leaseMs: 30_000, ...deaf });
}

async function takeOver({ store }: Bench['line']) {
  const deaf = { onWake: () => {}, onFinished: () => {}, onLost: () => {}, onFault: () => {} };
  const watcher = await store.enroll({ name: 'watcher', leaseMs: 30_000, ...deaf });
  const found = await store.takeOver(watcher, ['a'], 5);
  await watcher.leave();
  return found;
}
