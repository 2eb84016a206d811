import {
  concatMap,
  filter,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  merge,
  Observable,
  of,
  Subject,
  take,
  tap,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { unhandledWhile } from '../../../../test/support/unhandled.js';
import type { Channel } from './channel.js';
import { Caller, Crew, drained, message, messages, open } from './fixtures/opened.js';

describe('a channel as a Subject', () => {
  it('is one', () => {
    const { channel } = open();
    expect(channel).toBeInstanceOf(Subject);
    expect(channel).toBeInstanceOf(Observable);
    expect([channel.closed, channel.observed]).toEqual([false, false]);
    channel.subscribe();
    expect(channel.observed).toBe(true);
  });

  it('offers with next, and a full channel is a counted drop', () => {
    const { channel, events } = open({ buffer: 1 });
    channel.next(1);
    channel.next(2);
    expect(channel.stats()).toMatchObject({ depth: 1, accepted: 1, drops: { 'input-drop': 1 } });
    expect(events.filter(({ name }) => name === 'workers.drop')).toHaveLength(1);
  });

  it('gives a subscriber what lies there, in order, and then what comes', () => {
    const { channel } = open({ buffer: 2, maxPendingPuts: 2 });
    for (const one of messages(3)) void channel.put(one);
    const seen: number[] = [];
    channel.subscribe((value) => seen.push(value));
    channel.next(4);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(channel.stats()).toMatchObject({ accepted: 4, taken: 4, depth: 0 });
  });

  it('shares out messages between its subscribers by turns, one for each next', () => {
    const { channel } = open();
    const seen: string[] = [];
    for (const name of ['a', 'b', 'c']) channel.subscribe((value) => seen.push(`${name}${value}`));
    for (let value = 1; value <= 6; value++) channel.next(value);
    expect(['a', 'b', 'c'].map((name) => seen.filter((one) => one.startsWith(name)).length)).toEqual([2, 2, 2]);
    expect(seen.map((one) => Number(one.slice(1)))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('shares out messages between workers and subscribers', () => {
    const { channel } = open();
    const seen: number[] = [];
    const crew = Crew.at(channel, 1);
    channel.subscribe((value) => seen.push(value));
    for (let value = 1; value <= 4; value++) channel.next(value);
    crew.finish();
    for (let value = 5; value <= 8; value++) channel.next(value);
    expect([...crew.started, ...seen].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([crew.started.length, crew.most]).toEqual([2, 1]);
  });

  it('gives an unsubscribed subscriber nothing more', () => {
    const { channel } = open({ buffer: 1 });
    const seen: number[] = [];
    const subscription = channel.subscribe((value) => seen.push(value));
    channel.next(1);
    subscription.unsubscribe();
    channel.next(2);
    expect([seen, channel.stats().depth, channel.observed]).toEqual([[1], 1, false]);
  });

  it('is an observer like any other: what is subscribed to it ends it with its own end', () => {
    const { channel } = open({ buffer: 3 });
    of(1, 2, 3).subscribe(channel);
    expect([channel.state, drained(channel), channel.state]).toEqual(['draining', [1, 2, 3], 'closed']);
  });

  it('reports an error and goes on', () => {
    const { channel, events } = open();
    const seen: number[] = [];
    channel.subscribe((value) => seen.push(value));
    channel.error(new Error('upstream is down'));
    channel.next(1);
    expect([channel.state, seen]).toEqual(['open', [1]]);
    expect(events).toMatchObject([
      { name: 'workers.fault', source: 'channel "in"', error: { message: 'upstream is down' } },
      { name: 'workers.accepted' },
    ]);
  });

  it('closes with complete, and with unsubscribe, which forgets nobody', () => {
    for (const close of ['complete', 'unsubscribe'] as const) {
      const { channel } = open({ buffer: 1 });
      const ends: string[] = [];
      channel.next(1);
      channel[close]();
      channel.subscribe({ next: (value) => ends.push(`next ${value}`), complete: () => ends.push('complete') });
      expect(ends).toEqual(['next 1', 'complete']);
      channel.next(2);
      expect([channel.state, channel.stats().drops]).toEqual(['closed', { 'input-drop': 1 }]);
    }
  });

  it('hands out everything that is inside before it tells its subscribers of the end', () => {
    const { channel } = open({ buffer: 3 });
    for (const one of messages(3)) void channel.put(one);
    const told: string[] = [];
    channel.complete();
    channel.subscribe({ next: (value) => told.push(String(value)), complete: () => told.push('end') });
    channel.subscribe({ next: (value) => told.push(String(value)), complete: () => told.push('end') });
    expect(told).toEqual(['1', '2', '3', 'end', 'end']);
    expect(channel.stats()).toMatchObject({ accepted: 3, taken: 3 });
  });

  it('tells subscribers of the end when a worker has taken the last message', () => {
    const { channel } = open({ buffer: 2 });
    const crew = Crew.at(channel, 1);
    for (const one of messages(2)) void channel.put(one);
    const ends: string[] = [];
    channel.complete();
    channel.subscribe({ complete: () => ends.push('end') });
    expect([crew.started, ends]).toEqual([[1], ['end']]);
    expect(channel.stats().taken).toBe(2);
  });

  it('shows an observable without the ways to put', () => {
    const { channel } = open();
    const seen: number[] = [];
    const shown = channel.asObservable();
    shown.subscribe((value) => seen.push(value));
    channel.next(1);
    expect([seen, 'next' in shown]).toEqual([[1], false]);
  });

  it('does not give a subscriber what its caller does not wait for any longer', () => {
    const { channel } = open({ buffer: 2 });
    const caller = new Caller();
    void channel.put(message(1, caller));
    void channel.put(message(2));
    caller.leave();
    const seen: number[] = [];
    channel.subscribe((value) => seen.push(value));
    expect([seen, channel.stats().drops]).toEqual([[2], { expired: 1 }]);
  });
});

describe('a pipe from a channel', () => {
  it('takes exactly one message with take(1) and firstValueFrom', async () => {
    const { channel } = open({ buffer: 5 });
    for (let value = 1; value <= 5; value++) channel.next(value);
    await expect(firstValueFrom(channel)).resolves.toBe(1);
    const seen: number[] = [];
    channel.pipe(take(1)).subscribe((value) => seen.push(value));
    await expect(firstValueFrom(channel.pipe(filter((value) => value > 3)))).resolves.toBe(4);
    expect([seen, drained(channel)]).toEqual([[2], [5]]);
    const next = firstValueFrom(channel);
    channel.next(6);
    channel.next(7);
    await expect(next).resolves.toBe(6);
    expect([channel.observed, drained(channel)]).toEqual([false, [7]]);
  });

  it('ends with the channel', async () => {
    const { channel } = open({ buffer: 3 });
    const all = lastValueFrom(
      channel.pipe(
        concatMap(async (value) => value * 10),
        toArray(),
      ),
    );
    for (const one of messages(3)) void channel.put(one);
    channel.complete();
    await expect(all).resolves.toEqual([10, 20, 30]);
  });
});

describe('a subscriber that puts', () => {
  it('does not overtake what lies there: its message is the last', () => {
    const { channel } = open({ buffer: 3 });
    for (const one of messages(3)) void channel.put(one);
    const seen: number[] = [];
    channel.subscribe((value) => {
      seen.push(value);
      if (value <= 3) channel.next(value * 10);
    });
    expect(seen).toEqual([1, 2, 3, 10, 20, 30]);
  });

  it('is not entered twice: its message waits until it is back', () => {
    const { channel } = open({ buffer: 2 });
    const told: string[] = [];
    channel.subscribe((value) => {
      told.push(`into ${value}`);
      if (value < 4) channel.next(value + 1);
      told.push(`out of ${value}`);
    });
    channel.next(1);
    expect(told).toEqual([1, 2, 3, 4].flatMap((value) => [`into ${value}`, `out of ${value}`]));
    expect(channel.stats()).toMatchObject({ accepted: 4, taken: 4, depth: 0 });
  });

  it('finds no room in a channel without a buffer: the drop is counted', () => {
    const { channel } = open({ buffer: 0 });
    const seen: number[] = [];
    channel.subscribe((value) => {
      seen.push(value);
      if (value === 1) channel.next(2);
      if (value === 1) void channel.put(message(3), 'async');
    });
    channel.next(1);
    expect([seen, channel.stats().drops]).toEqual([[1, 3], { 'input-drop': 1 }]);
  });

  it('leaves its message to a subscriber that is free', () => {
    const { channel } = open();
    const seen: string[] = [];
    for (const name of ['a', 'b']) {
      channel.subscribe((value) => {
        seen.push(`${name === 'a' ? 'one' : 'other'} ${value}`);
        if (value === 1) channel.next(2);
      });
    }
    channel.next(1);
    expect(seen.map((line) => line.split(' ')[1])).toEqual(['1', '2']);
    expect(new Set(seen.map((line) => line.split(' ')[0])).size).toBe(2);
  });

  it('and closes still gets what it put', () => {
    const { channel } = open({ buffer: 1 });
    const told: string[] = [];
    channel.subscribe({
      next: (value) => {
        told.push(String(value));
        if (value !== 1) return;
        channel.next(2);
        channel.complete();
      },
      complete: () => told.push('end'),
    });
    channel.next(1);
    expect([told, channel.state]).toEqual([['1', '2', 'end'], 'closed']);
  });
});

describe('an observer that puts while a message is on its way out', () => {
  /** Puts 9 when the channel eases for the first time, which is told while a message is taken. */
  function puttingObserver() {
    const { channel, announcer } = open({ buffer: 2 });
    let isFirst = true;
    announcer.listen((event) => {
      if (event.name !== 'workers.saturation' || event.state !== 'left' || !isFirst) return;
      isFirst = false;
      channel.next(9);
    });
    return channel;
  }

  it('does not overtake it on the way to a new subscriber', () => {
    const channel = puttingObserver();
    for (const one of messages(2)) void channel.put(one);
    const seen: number[] = [];
    channel.subscribe((value) => seen.push(value));
    expect(seen).toEqual([1, 2, 9]);
  });

  it('does not overtake it on the way to a subscriber that has been there', () => {
    const channel = puttingObserver();
    const seen: number[] = [];
    channel.subscribe((value) => {
      seen.push(value);
      if (value !== 1) return;
      channel.next(2);
      channel.next(3);
    });
    channel.next(1);
    expect(seen).toEqual([1, 2, 3, 9]);
  });
});

describe('whoever throws beside a channel', () => {
  const boom = (): never => {
    throw new Error('boom');
  };
  // TypeScript takes an async function for a subscriber; that its promise is looked at is what is tested.
  const asyncBoom: () => unknown = async () => boom();
  const throwing: Record<string, (from: Channel<number>) => unknown> = {
    'a subscriber': (channel) => channel.subscribe(boom),
    'a subscriber object': (channel) => channel.subscribe({ next: boom }),
    'an async subscriber': (channel) => channel.subscribe(asyncBoom),
    'an operator without an error callback': (channel) => channel.pipe(map(boom)).subscribe(),
    'an operator deep in a pipe': (channel) => channel.pipe(map(String), tap(boom), take(3)).subscribe(() => {}),
    'an async operator': (channel) => channel.pipe(concatMap(async () => boom())).subscribe(),
    'the subscriber of a pipe': (channel) => channel.pipe(map((value) => value + 1)).subscribe(boom),
    'the subscriber of asObservable': (channel) => channel.asObservable().subscribe(boom),
    'the subscriber of a pipe of asObservable': (channel) => channel.asObservable().pipe(map(String)).subscribe(boom),
    'an error callback': (channel) => channel.pipe(map(boom)).subscribe({ error: boom }),
    'a tap': (channel) => channel.tap$.subscribe(boom),
    'an async tap': (channel) => channel.tap$.subscribe(asyncBoom),
    'a pipe of a tap': (channel) => channel.tap$.pipe(map(boom)).subscribe(),
  };
  it.each(Object.keys(throwing))('%s is reported; the process and the others go on', async (who) => {
    const { channel, events } = open({ buffer: 4 });
    const seen: number[] = [];
    const unhandled = await unhandledWhile(() => {
      throwing[who]?.(channel);
      channel.next(1);
      channel.subscribe((value) => seen.push(value));
      channel.next(2);
      channel.next(3);
    });
    expect(unhandled).toEqual([]);
    const faults = events.filter(({ name }) => name === 'workers.fault');
    expect(faults.length).toBeGreaterThan(0);
    expect(faults[0]).toMatchObject({ source: 'channel "in"', error: { message: 'boom' } });
    expect([seen.length > 0, channel.state]).toEqual([true, 'open']);
    expect(channel.stats()).toMatchObject({ accepted: 3, taken: 3 });
  });

  it('on completion is reported', async () => {
    const { channel, events } = open();
    channel.subscribe({ complete: boom });
    channel.tap$.subscribe({ complete: boom });
    expect(await unhandledWhile(() => channel.complete())).toEqual([]);
    expect(events).toMatchObject([{ name: 'workers.fault' }, { name: 'workers.fault' }]);
  });

  it('goes on being fed, as with any Subject', () => {
    const { channel } = open();
    let calls = 0;
    channel.subscribe(() => {
      calls++;
      boom();
    });
    channel.next(1);
    channel.next(2);
    expect(calls).toBe(2);
  });

  it('is not guarded by what merely uses the channel: there RxJS answers as always', async () => {
    const { channel } = open();
    const unhandled = await unhandledWhile(() => {
      merge(channel, of(1)).subscribe(boom);
    });
    expect(unhandled).toMatchObject([{ message: 'boom' }]);
  });
});

describe('iterating over a channel', () => {
  it('pulls: nothing is taken before it is asked for', async () => {
    const { channel } = open({ buffer: 3 });
    for (const one of messages(3)) void channel.put(one);
    const iterator = channel[Symbol.asyncIterator]();
    expect(channel.stats()).toMatchObject({ depth: 3, taken: 0 });
    expect(await iterator.next()).toEqual({ value: 1, done: false });
    expect(channel.stats()).toMatchObject({ depth: 2, taken: 1 });
    void channel.put(message(4));
    expect(channel.stats().depth).toBe(3);
    expect(await iterator.next()).toEqual({ value: 2, done: false });
  });

  it('holds a sender back until the loop has come round', async () => {
    const { channel } = open({ buffer: 0, putMode: 'block' });
    const told: string[] = [];
    const sender = (async () => {
      for (const one of messages(3)) {
        await channel.put(one);
        told.push(`put ${one.payload}`);
      }
      channel.complete();
    })();
    for await (const value of channel) {
      told.push(`into ${value}`);
      for (let turns = 0; turns < 5; turns++) await null;
      told.push(`out of ${value}`);
    }
    await sender;
    expect(told.filter((line) => !line.startsWith('put'))).toEqual(
      [1, 2, 3].flatMap((value) => [`into ${value}`, `out of ${value}`]),
    );
    expect(told.indexOf('put 2')).toBeGreaterThan(told.indexOf('into 1'));
    expect(told.indexOf('put 3')).toBeGreaterThan(told.indexOf('out of 1'));
  });

  it('gets everything that is inside, and ends, when the channel closes', async () => {
    const { channel } = open({ buffer: 2 });
    for (const one of messages(3)) void channel.put(one);
    channel.complete();
    const seen: number[] = [];
    for await (const value of channel) seen.push(value);
    expect([seen, channel.state]).toEqual([[1, 2, 3], 'closed']);
    for await (const value of channel) expect.unreachable(String(value));
  });

  it('ends when the channel closes while it waits', async () => {
    const { channel } = open();
    const iterator = channel[Symbol.asyncIterator]();
    const next = [iterator.next(), iterator.next()];
    channel.next(1);
    channel.complete();
    expect(await Promise.all(next)).toEqual([
      { value: 1, done: false },
      { value: undefined, done: true },
    ]);
  });

  it('is given one message for each value that is waited for', async () => {
    const { channel } = open({ buffer: 1 });
    const iterator = channel[Symbol.asyncIterator]();
    const asked = [iterator.next(), iterator.next()];
    for (const one of messages(3)) void channel.put(one);
    expect(await Promise.all(asked)).toEqual([
      { value: 1, done: false },
      { value: 2, done: false },
    ]);
    expect(channel.stats()).toMatchObject({ depth: 1, taken: 2 });
  });

  it('takes nothing any more after a break', async () => {
    const { channel } = open({ buffer: 3 });
    for (const one of messages(3)) void channel.put(one);
    for await (const value of channel) if (value === 1) break;
    expect([channel.observed, drained(channel)]).toEqual([false, [2, 3]]);
  });

  it('loses nothing when it is left while it waits', async () => {
    const { channel } = open({ buffer: 1 });
    const iterator = channel[Symbol.asyncIterator]();
    const waits = iterator.next();
    await iterator.return?.();
    channel.next(1);
    expect([await waits, await iterator.next()]).toEqual([
      { value: undefined, done: true },
      { value: undefined, done: true },
    ]);
    expect(drained(channel)).toEqual([1]);
  });

  it('competes with other loops: each message goes to one of them', async () => {
    const { channel } = open({ buffer: 100, putMode: 'block' });
    const seen: number[] = [];
    const loops = ['a', 'b', 'c'].map(async () => {
      for await (const value of channel) seen.push(value);
    });
    for (const one of messages(50)) await channel.put(one);
    channel.complete();
    await Promise.all(loops);
    expect(seen.toSorted((a, b) => a - b)).toEqual(messages(50).map(({ payload }) => payload));
  });

  it('is what RxJS makes of it too', async () => {
    const { channel } = open({ buffer: 3 });
    const all = lastValueFrom(from(channel).pipe(toArray()));
    of(1, 2, 3).subscribe(channel);
    await expect(all).resolves.toEqual([1, 2, 3]);
  });
});

describe('tap$', () => {
  it('shows every message that is taken in, once, and takes none', () => {
    const { channel } = open({ buffer: 2, maxPendingPuts: 2 });
    const shown: number[] = [];
    channel.tap$.subscribe(({ payload }) => shown.push(payload));
    void channel.put(message(1));
    void channel.put(message(2));
    void channel.put(message(3), 'async');
    void channel.put(message(4), 'block');
    channel.next(5);
    expect(shown).toEqual([1, 2, 3]);
    expect([channel.stats().taken, channel.observed]).toEqual([0, false]);
    expect(drained(channel)).toEqual([1, 2, 3, 4]);
    expect(shown).toEqual([1, 2, 3, 4]);
  });

  it('shows what goes straight to a consumer too, to every watcher', () => {
    const { channel } = open();
    const shown: string[] = [];
    Crew.at(channel, 2);
    for (const name of ['a', 'b']) channel.tap$.subscribe(({ payload }) => shown.push(`${name}${payload}`));
    channel.next(1);
    expect(shown).toEqual(['a1', 'b1']);
  });

  it('shows nothing to a watcher that has left', () => {
    const { channel } = open({ buffer: 2 });
    const shown: number[] = [];
    const watcher = channel.tap$.subscribe(({ payload }) => shown.push(payload));
    channel.next(1);
    watcher.unsubscribe();
    channel.next(2);
    expect(shown).toEqual([1]);
  });

  it('ends when the channel is closed and empty, and at once when it was before', () => {
    const { channel } = open({ buffer: 1 });
    const ends: string[] = [];
    channel.tap$.subscribe({ complete: () => ends.push('early') });
    channel.next(1);
    channel.complete();
    expect(ends).toEqual([]);
    channel.take();
    expect(ends).toEqual(['early']);
    channel.tap$.subscribe({ complete: () => ends.push('late') });
    expect(ends).toEqual(['early', 'late']);
  });
});
