import { describe, expect, it, vi } from 'vitest';
import { HeldClock } from '../testing/held.clock.js';
import { ChannelClosedError, ChannelOverflowError, MessageDroppedError } from './channel.errors.js';
import type { ChannelOptions } from './channel.options.js';
import { Caller, Crew, drained, message, messages, open } from './fixtures/opened.js';

/** Notes how a put that may wait went. */
function follow(put: unknown): { state: string } {
  const followed = { state: typeof put === 'string' ? put : 'waits' };
  if (put instanceof Promise) {
    put.then(
      (result) => (followed.state = String(result)),
      (error: unknown) => (followed.state = (error as Error).name),
    );
  }
  return followed;
}

describe('a put', () => {
  const cells: { options: ChannelOptions<number>; says: string[]; holds: number[]; drops: object }[] = [
    {
      options: { buffer: 0, putMode: 'async', maxPendingPuts: 2 },
      says: ['accepted', 'accepted', 'ChannelOverflowError', 'ChannelOverflowError'],
      holds: [1, 2],
      drops: {},
    },
    {
      options: { buffer: 0, putMode: 'block', maxPendingPuts: 2 },
      says: ['waits', 'waits', 'ChannelOverflowError', 'ChannelOverflowError'],
      holds: [1, 2],
      drops: {},
    },
    {
      options: { buffer: 0, putMode: 'drop' },
      says: ['dropped', 'dropped', 'dropped', 'dropped'],
      holds: [],
      drops: { 'input-drop': 4 },
    },
    {
      options: { buffer: 2, putMode: 'async', maxPendingPuts: 1 },
      says: ['accepted', 'accepted', 'accepted', 'ChannelOverflowError'],
      holds: [1, 2, 3],
      drops: {},
    },
    {
      options: { buffer: 2, putMode: 'block', maxPendingPuts: 1 },
      says: ['accepted', 'accepted', 'waits', 'ChannelOverflowError'],
      holds: [1, 2, 3],
      drops: {},
    },
    {
      options: { buffer: 2, putMode: 'drop' },
      says: ['accepted', 'accepted', 'dropped', 'dropped'],
      holds: [1, 2],
      drops: { 'input-drop': 2 },
    },
    ...(['async', 'block', 'drop'] as const).flatMap((putMode) => [
      {
        options: { buffer: 2, bufferType: 'dropping' as const, putMode },
        says: ['accepted', 'accepted', 'dropped', 'dropped'],
        holds: [1, 2],
        drops: { 'buffer-drop': 2 },
      },
      {
        options: { buffer: 2, bufferType: 'sliding' as const, putMode },
        says: ['accepted', 'accepted', 'accepted', 'accepted'],
        holds: [3, 4],
        drops: { 'buffer-slide': 2 },
      },
    ]),
  ];
  it.each(cells)('of four into $options says $says and leaves $holds', ({ options, says, holds, drops }) => {
    const { channel } = open(options);
    const said = messages(4).map((one) => {
      try {
        return follow(channel.put(one)).state;
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(said).toEqual(says);
    expect(channel.stats().drops).toEqual(drops);
    expect(drained(channel)).toEqual(holds);
    const { accepted, refused, depth, pendingPuts } = channel.stats();
    expect([depth, pendingPuts]).toEqual([0, 0]);
    const droppedAtEntry = says.filter((word) => word === 'dropped').length;
    expect(accepted + refused + droppedAtEntry).toBe(4);
  });

  it('is handed to a consumer that is hungry, whatever the buffer', () => {
    const { channel } = open({ buffer: 0, putMode: 'drop' });
    const crew = Crew.at(channel);
    expect([channel.put(message(1)), channel.put(message(2))]).toEqual(['accepted', 'dropped']);
    expect(crew.started).toEqual([1]);
  });

  it('that overflows gives the message and the bound back', () => {
    const { channel } = open({ putMode: 'async', maxPendingPuts: 1 });
    void channel.put(message(1));
    const refused = message(2);
    expect(() => channel.put(refused)).toThrow(ChannelOverflowError);
    try {
      void channel.put(refused);
    } catch (error) {
      expect(error).toMatchObject({ code: 'CHANNEL_OVERFLOW', channel: 'in', maxPendingPuts: 1 });
      expect((error as ChannelOverflowError).undelivered).toBe(refused);
    }
    expect(channel.stats()).toMatchObject({ accepted: 1, refused: 2, pendingPuts: 1, maxPendingPuts: 1 });
  });

  it('may wait 1,024 deep by default, senders that wait included', () => {
    const { channel } = open();
    for (let i = 0; i < 512; i++) void channel.put(message(i), 'async');
    for (let i = 0; i < 512; i++) void channel.put(message(i), 'block');
    expect(() => channel.put(message(0), 'async')).toThrow('1024 puts already wait for room (maxPendingPuts)');
    expect(() => channel.put(message(0), 'block')).toThrow(ChannelOverflowError);
    expect(channel.stats()).toMatchObject({ accepted: 512, refused: 2, pendingPuts: 1_024 });
  });

  it('that waits is accepted when there is room and not before', async () => {
    const { channel } = open({ buffer: 1, putMode: 'block' });
    void channel.put(message(1));
    const second = follow(channel.put(message(2)));
    const third = follow(channel.put(message(3)));
    await null;
    expect([second.state, third.state, channel.stats().accepted]).toEqual(['waits', 'waits', 1]);
    expect(channel.take()?.payload).toBe(1);
    await null;
    expect([second.state, third.state, channel.stats().accepted]).toEqual(['accepted', 'waits', 2]);
    expect(drained(channel)).toEqual([2, 3]);
    await null;
    expect(third.state).toBe('accepted');
  });

  it('keeps its place in the line, whether its sender waits or not', () => {
    const { channel } = open({ buffer: 1 });
    for (const [index, one] of messages(6).entries()) void channel.put(one, index % 2 === 0 ? 'async' : 'block');
    expect(drained(channel)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('a put that waits', () => {
  it('leaves the line when its signal aborts, with the reason, counted as refused', async () => {
    const { channel } = open({ putMode: 'block' });
    const controller = new AbortController();
    const first = channel.put(message(1), 'block', controller.signal);
    const second = follow(channel.put(message(2), 'block'));
    controller.abort(new Error('gone home'));
    await expect(first).rejects.toThrow('gone home');
    expect(channel.stats()).toMatchObject({ pendingPuts: 1, refused: 1, accepted: 0 });
    expect([drained(channel), second.state]).toEqual([[2], 'waits']);
  });

  it('does not wait at all on a signal that was aborted before', async () => {
    const { channel } = open({ putMode: 'block' });
    await expect(channel.put(message(1), 'block', AbortSignal.abort(new Error('gone home')))).rejects.toThrow(
      'gone home',
    );
    expect(channel.stats()).toMatchObject({ pendingPuts: 0, refused: 1 });
  });

  it('is not touched by a signal that aborts after it was accepted, and does not go on listening', async () => {
    const { channel } = open({ putMode: 'block' });
    const { signal, abort } = listened();
    const put = channel.put(message(1), 'block', signal);
    expect(signal.listeners).toBe(1);
    expect(channel.take()?.payload).toBe(1);
    expect(signal.listeners).toBe(0);
    abort();
    await expect(put).resolves.toBe('accepted');
    expect(channel.stats()).toMatchObject({ accepted: 1, refused: 0 });
  });

  it('is not refused any more once it is accepted, also when its signal aborts in the same moment', async () => {
    const { channel } = open({ buffer: 1, putMode: 'block' });
    await channel.put(message(1));
    const sender = new AbortController();
    const waiting = channel.put(message(2), undefined, sender.signal);
    channel.tap$.subscribe(() => sender.abort());
    expect(drained(channel)).toEqual([1, 2]);
    expect(await waiting).toBe('accepted');
    expect(channel.stats()).toMatchObject({ accepted: 2, refused: 0 });
  });

  it('is refused with its message when the channel closes', async () => {
    const { channel } = open({ buffer: 1 });
    const { signal } = listened();
    const waits = message(2);
    void channel.put(message(1));
    const put = channel.put(waits, 'block', signal);
    void channel.put(message(3), 'async');
    channel.complete();
    await expect(put).rejects.toBeInstanceOf(ChannelClosedError);
    await expect(put).rejects.toHaveProperty('undelivered', waits);
    expect(signal.listeners).toBe(0);
    expect(channel.stats()).toMatchObject({ accepted: 2, refused: 1, pendingPuts: 1 });
    expect(drained(channel)).toEqual([1, 3]);
  });
});

/** A signal that counts who listens to it. */
function listened(): { signal: AbortSignal & { listeners: number }; abort: () => void } {
  const controller = new AbortController();
  const signal = Object.assign(controller.signal, { listeners: 0 });
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    signal.listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    signal.listeners--;
    remove(...args);
  };
  return { signal, abort: () => controller.abort() };
}

describe('an offer', () => {
  it('never waits: what finds no room is dropped under the reason it was offered with', () => {
    const { channel, events } = open({ buffer: 1, putMode: 'block' });
    const said = messages(2).map((one) => channel.offer(one, 'output-drop'));
    expect(said).toEqual(['accepted', 'dropped']);
    expect(channel.stats()).toMatchObject({ pendingPuts: 0, drops: { 'output-drop': 1 } });
    expect(events.at(-1)).toMatchObject({ name: 'workers.drop', channel: 'in', reason: 'output-drop' });
  });

  it('to a closed channel is dropped and counted', () => {
    const { channel } = open({ buffer: 1 });
    channel.complete();
    expect(channel.offer(message(1), 'failures-full')).toBe('dropped');
    expect(channel.stats().drops).toEqual({ 'failures-full': 1 });
  });

  it('that a full dropping or sliding buffer answers is counted under the reason of the buffer', () => {
    const dropping = open({ buffer: 1, bufferType: 'dropping' }).channel;
    const sliding = open({ buffer: 1, bufferType: 'sliding' }).channel;
    const said = [dropping, sliding].map((channel) => messages(2).map((one) => channel.offer(one, 'output-drop')));
    expect(said).toEqual([
      ['accepted', 'dropped'],
      ['accepted', 'accepted'],
    ]);
    expect([dropping.stats().drops, sliding.stats().drops]).toEqual([{ 'buffer-drop': 1 }, { 'buffer-slide': 1 }]);
  });
});

describe('a request', () => {
  it('that expired while it waited is skipped and counted, and not taken', () => {
    const { channel, events } = open({ buffer: 3 });
    const callers = [new Caller(), new Caller(), new Caller()];
    for (const [index, caller] of callers.entries()) void channel.put(message(index, caller));
    callers[0]?.leave();
    callers[1]?.leave();
    expect(channel.take()?.payload).toBe(2);
    expect(channel.stats()).toMatchObject({ taken: 1, drops: { expired: 2 }, depth: 0 });
    expect(events.filter(({ name }) => name === 'workers.drop')).toHaveLength(2);
  });

  it('that expired while it waited for room is skipped too', () => {
    const { channel } = open();
    const caller = new Caller();
    void channel.put(message(1, caller), 'block');
    void channel.put(message(2));
    caller.leave();
    expect(drained(channel)).toEqual([2]);
    expect(channel.stats()).toMatchObject({ accepted: 2, taken: 1, drops: { expired: 1 } });
  });

  it.each([
    { options: { buffer: 1, putMode: 'drop' }, reason: 'input-drop', refused: 1 },
    { options: { buffer: 1, bufferType: 'dropping' }, reason: 'buffer-drop', refused: 1 },
    { options: { buffer: 1, bufferType: 'sliding' }, reason: 'buffer-slide', refused: 0 },
  ] as const)('is refused with MessageDroppedError by $options ($reason)', ({ options, reason, refused }) => {
    const { channel } = open(options);
    const callers = [new Caller(), new Caller()];
    const put = callers.map((caller, index) => message(index, caller));
    for (const one of put) void channel.put(one);
    expect(callers.map(({ state }) => state === 'refused')).toEqual(refused === 1 ? [false, true] : [true, false]);
    const [error] = callers[refused]?.heard ?? [];
    expect(error).toBeInstanceOf(MessageDroppedError);
    expect(error).toMatchObject({ code: 'MESSAGE_DROPPED', channel: 'in', reason, undelivered: put[refused] });
  });

  it('whose caller left is told nothing more when it slides out', () => {
    const { channel } = open({ buffer: 1, bufferType: 'sliding' });
    const caller = new Caller();
    void channel.put(message(1, caller));
    caller.leave();
    void channel.put(message(2));
    expect([caller.state, channel.stats().drops]).toEqual(['left', { 'buffer-slide': 1 }]);
  });
});

describe('a channel that is closed', () => {
  it('drains: it takes nothing in, gives what is inside, and is closed when it is empty', () => {
    const { channel } = open({ buffer: 2 });
    for (const one of messages(3)) void channel.put(one);
    expect(channel.state).toBe('open');
    channel.complete();
    expect(channel.state).toBe('draining');
    const late = message(4);
    expect(() => channel.put(late)).toThrow(ChannelClosedError);
    expect(drained(channel)).toEqual([1, 2, 3]);
    expect(channel.state).toBe('closed');
    channel.complete();
    expect(channel.state).toBe('closed');
    expect(channel.stats()).toMatchObject({ accepted: 3, refused: 1, taken: 3 });
  });

  it('gives the message back in the error', () => {
    const { channel } = open();
    channel.complete();
    const late = message(1);
    let caught: unknown;
    try {
      void channel.put(late);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'CHANNEL_CLOSED', channel: 'in' });
    expect((caught as ChannelClosedError).undelivered).toBe(late);
  });

  it('feeds the workers that are there until it is empty', () => {
    const { channel } = open({ buffer: 4 });
    const crew = Crew.at(channel);
    for (const one of messages(3)) void channel.put(one);
    channel.complete();
    crew.finish();
    crew.finish();
    expect([crew.started, channel.state]).toEqual([[1, 2, 3], 'closed']);
  });

  it('leaves over what nobody took, in order, and counts it', () => {
    const { channel } = open({ buffer: 2 });
    for (const one of messages(4)) void channel.put(one);
    expect(channel.take()?.payload).toBe(1);
    channel.complete();
    expect(channel.takeRest().map(({ payload }) => payload)).toEqual([2, 3, 4]);
    expect(channel.stats()).toMatchObject({ accepted: 4, taken: 1, leftOver: 3, depth: 0, pendingPuts: 0 });
    expect([channel.state, channel.takeRest()]).toEqual(['closed', []]);
  });
});

describe('what waits in a channel', () => {
  it('is shown, the next first and at most as many as asked for, without being taken', async () => {
    const { channel } = open({ buffer: 2 });
    for (const one of messages(3)) await channel.put(one);
    expect((await channel.peek(2)).map(({ payload }) => payload)).toEqual([1, 2]);
    expect((await channel.peek(9)).map(({ payload }) => payload)).toEqual([1, 2, 3]);
    expect(drained(channel)).toEqual([1, 2, 3]);
  });

  it('is no load any more once it is left over, and whoever takes from there is told that there is an end', async () => {
    const { channel, events } = open({ buffer: 2 });
    for (const one of messages(2)) await channel.put(one);
    let isOver = false;
    channel.attach({ isHungry: false, give: () => {}, end: () => (isOver = true) });
    channel.complete();
    expect(isOver).toBe(false);
    expect(channel.takeRest().map(({ payload }) => payload)).toEqual([1, 2]);
    expect(isOver).toBe(true);
    expect(events.filter(({ name }) => name === 'workers.saturation')).toMatchObject([
      { state: 'entered' },
      { state: 'left' },
    ]);
  });
});

describe('consumers of one channel', () => {
  it('compete: each message goes to one of them, by turns', () => {
    const { channel } = open();
    const crews = [Crew.at(channel, 3), Crew.at(channel, 3), Crew.at(channel, 3)];
    for (const one of messages(9)) void channel.put(one);
    expect(crews.map(({ started }) => started.length)).toEqual([3, 3, 3]);
    expect(crews.flatMap(({ started }) => started).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('lose no turn to a message that none of them may take yet', () => {
    const { channel } = open<string>({ buffer: 8 });
    const crew = Crew.at(channel, 8, ({ payload }) => payload[0]);
    const shown: string[] = [];
    channel.subscribe((text) => shown.push(text));
    for (const text of ['a1', 'a2', 'a3', 'b1', 'a4', 'c1', 'a5', 'd1', 'e1']) channel.next(text);
    expect([shown, crew.started]).toEqual([
      ['a1', 'b1', 'd1'],
      ['a2', 'c1', 'e1'],
    ]);
  });

  it('get what waits before what is put while they are told of the end of a pause, and fed', async () => {
    const { channel, announcer } = open({ buffer: 8 });
    const given: number[] = [];
    channel.subscribe((n) => {
      given.push(n);
      if (n === 1) channel.next(4);
    });
    channel.subscribe((n) => given.push(n));
    await channel.pause();
    channel.next(1);
    channel.next(2);
    announcer.listen(() => channel.next(3), ['workers.action']);
    await channel.resume();
    expect(given).toEqual([1, 2, 3, 4]);
  });

  it('are fed until none takes anything more, also one that is hungry only after its turn', async () => {
    const { channel } = open<string>({ buffer: 8 });
    const crew = Crew.at(channel, 1, ({ payload }) => payload[0]);
    channel.next('a1');
    channel.next('a2');
    const loop = channel[Symbol.asyncIterator]();
    const taken: unknown[] = [];
    await channel.pause();
    channel.next('b1');
    const subscription = channel.subscribe((text) => {
      taken.push(text, loop.next());
      channel.next('c1');
      subscription.unsubscribe();
    });
    await channel.resume();
    expect([crew.started, taken[0], await taken[1]]).toEqual([['a1'], 'b1', { value: 'c1', done: false }]);
  });

  it('that are busy are passed over', () => {
    const { channel } = open();
    const [busy, free] = [Crew.at(channel, 1), Crew.at(channel, 9)];
    for (const one of messages(5)) void channel.put(one);
    expect([busy.started.length, free.started.length]).toEqual([1, 4]);
  });

  it('take nothing any more when they are taken away', () => {
    const { channel } = open({ buffer: 1 });
    const given: number[] = [];
    const detach = channel.attach({ isHungry: true, give: ({ payload }) => given.push(payload) });
    void channel.put(message(1));
    detach();
    void channel.put(message(2));
    expect([given, drained(channel)]).toEqual([[1], [2]]);
  });

  it('are never given more than they have permits for, also when a tap puts while they are chosen', () => {
    const { channel } = open({ buffer: 4 });
    const crew = Crew.at(channel, 1);
    channel.tap$.subscribe(({ payload }) => payload < 3 && void channel.put(message(payload + 1)));
    void channel.put(message(1));
    expect([crew.most, crew.started]).toEqual([1, [1]]);
    expect(drained(channel)).toEqual([2, 3]);
  });
});

describe('the bounds of a channel', () => {
  it('hold when an observer puts while a put moves up into the buffer', () => {
    const { channel, announcer } = open({ buffer: 1, maxPendingPuts: 4 });
    void channel.put(message(1));
    void channel.put(message(2), 'block');
    let mostDepth = 0;
    announcer.listen((event) => {
      mostDepth = Math.max(mostDepth, channel.stats().depth);
      if (event.name === 'workers.accepted' && channel.stats().accepted < 4) void channel.put(message(9), 'async');
    });
    expect(drained(channel)).toEqual([1, 2, 9, 9]);
    expect(mostDepth).toBe(1);
  });

  it('hold when an observer puts while a message slides out', () => {
    const { channel, announcer } = open({ buffer: 1, bufferType: 'sliding' });
    let answers = 0;
    announcer.listen((event) => {
      if (event.name === 'workers.drop' && answers++ === 0) void channel.put(message(9));
    });
    void channel.put(message(1));
    void channel.put(message(2));
    expect(channel.stats().depth).toBe(1);
    expect(channel.stats()).toMatchObject({ accepted: 3, drops: { 'buffer-slide': 2 } });
  });
});

describe('the statistics of a channel', () => {
  it('name every bound beside what it bounds', () => {
    const { channel } = open({ buffer: 8, maxPendingPuts: 5 });
    expect(channel.stats()).toEqual({
      depth: 0,
      capacity: 8,
      pendingPuts: 0,
      maxPendingPuts: 5,
      accepted: 0,
      refused: 0,
      taken: 0,
      drops: {},
      leftOver: 0,
      oldestAgeMs: 0,
      isSaturated: false,
      isPaused: false,
    });
  });

  it('tell how long the oldest message has waited, in the buffer or for room', async () => {
    const clock = new HeldClock();
    const { channel } = open({ buffer: 1 }, { clock });
    void channel.put(message(1, undefined, clock.now()));
    await clock.advance(300);
    void channel.put(message(2, undefined, clock.now()));
    await clock.advance(200);
    expect(channel.stats().oldestAgeMs).toBe(500);
    channel.take();
    expect(channel.stats().oldestAgeMs).toBe(200);
    channel.take();
    expect(channel.stats().oldestAgeMs).toBe(0);
  });

  it('are a copy', () => {
    const { channel } = open({ putMode: 'drop' });
    const before = channel.stats();
    void channel.put(message(1));
    expect(before.drops).toEqual({});
  });
});

describe('saturation', () => {
  const told = (events: readonly { name: string }[]) => events.filter(({ name }) => name === 'workers.saturation');

  it.each([
    { options: { buffer: 10 }, capacity: 10 },
    { options: { buffer: 0, maxPendingPuts: 10 }, capacity: 10 },
  ])('of $options is announced once on entering at 80 % and once on leaving at 50 %', ({ options, capacity }) => {
    const { channel, events } = open(options);
    const fill = (count: number): void => {
      for (let i = 0; i < count; i++) void channel.put(message(i));
    };
    const take = (count: number): void => {
      for (let i = 0; i < count; i++) channel.take();
    };
    fill(7);
    expect([told(events), channel.stats().isSaturated]).toEqual([[], false]);
    fill(3);
    take(4);
    fill(4);
    expect(told(events)).toEqual([{ name: 'workers.saturation', channel: 'in', state: 'entered', depth: 8, capacity }]);
    take(10);
    expect(told(events).slice(1)).toEqual([
      { name: 'workers.saturation', channel: 'in', state: 'left', depth: 5, capacity },
    ]);
    expect(channel.stats().isSaturated).toBe(false);
    fill(8);
    expect(told(events)).toHaveLength(3);
  });

  it('is left as well when waiting senders leave, or are sent away by the end', () => {
    const { channel, events } = open({ maxPendingPuts: 2 });
    const { signal, abort } = listened();
    const noted = vi.fn<() => void>();
    for (const one of messages(2)) (channel.put(one, 'block', signal) as Promise<unknown>).catch(noted);
    abort();
    expect(told(events)).toMatchObject([{ state: 'entered' }, { state: 'left' }]);
    for (const one of messages(2)) (channel.put(one, 'block') as Promise<unknown>).catch(noted);
    channel.complete();
    expect(told(events).map((event) => (event as unknown as { state: string }).state)).toEqual([
      'entered',
      'left',
      'entered',
      'left',
    ]);
    expect(channel.stats().isSaturated).toBe(false);
  });
});

describe('overload', () => {
  const shed = { at: 0.5, oldestAge: 1_000, retryAfter: 1_000 };

  it('is said in words, from a share of the places up', () => {
    const { channel } = open({ buffer: 4 });
    void channel.put(message(1));
    expect(channel.overload(shed)).toBeUndefined();
    void channel.put(message(2));
    expect(channel.overload(shed)).toBe('2 of 4 places are taken');
  });

  it('counts the puts that wait where there is no buffer', () => {
    const { channel } = open({ maxPendingPuts: 2 });
    void channel.put(message(1));
    expect(channel.overload(shed)).toBe('1 of 2 places are taken');
  });

  it('is also an oldest message that waits too long', async () => {
    const clock = new HeldClock();
    const { channel } = open({ buffer: 4 }, { clock });
    void channel.put(message(1));
    await clock.advance(1_000);
    expect(channel.overload(shed)).toBeUndefined();
    await clock.advance(1);
    expect(channel.overload(shed)).toBe('the oldest message has waited for 1001 ms');
  });
});

describe('what a channel announces', () => {
  it('of each message is that it was accepted, once, and why it was dropped', () => {
    const { channel, events } = open({ buffer: 1, bufferType: 'sliding' });
    const [first, second] = [message(1), message(2)];
    void channel.put(first);
    void channel.put(second);
    expect(events.filter(({ name }) => name !== 'workers.saturation')).toEqual([
      { name: 'workers.accepted', channel: 'in', messageId: first.id },
      { name: 'workers.drop', channel: 'in', reason: 'buffer-slide', messageId: first.id },
      { name: 'workers.accepted', channel: 'in', messageId: second.id },
    ]);
  });

  it('shows of payloads what the application lets it show', () => {
    const { channel, events } = open<{ secret: string }>({ putMode: 'drop' }, { redact: () => '***' });
    void channel.put(message({ secret: 'x' }));
    expect(events).toMatchObject([{ name: 'workers.drop', payload: '***' }]);
  });

  it('of a put that waits is told when it is accepted and not before', () => {
    const { channel, events } = open();
    void channel.put(message(1), 'block');
    expect(events).toEqual([]);
    channel.take();
    expect(events.map(({ name }) => name)).toEqual(['workers.accepted']);
  });
});
