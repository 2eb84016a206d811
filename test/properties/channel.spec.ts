import * as fc from 'fast-check';
import { take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../../libs/workers/src/channel/channel.js';
import type { BufferType, ChannelOptions, PutMode } from '../../libs/workers/src/channel/channel.options.js';
import { Caller, Crew, message, open } from '../../libs/workers/src/channel/fixtures/opened.js';

/** What a channel is asked, one step after the other. `at` points to one of those that are there, if there is one. */
type Step =
  | { do: 'put'; mode: PutMode; key: string }
  | { do: 'next' | 'post'; key: string }
  | { do: 'finish'; at: number }
  | { do: 'subscribe' | 'pull' | 'close' }
  | { do: 'leave' | 'abort'; at: number };

const key = fc.constantFrom('a', 'a', 'a', 'b', 'b', 'c');
const mode = fc.constantFrom<PutMode>('async', 'block', 'drop');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ do: fc.constant('put' as const), mode, key }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('next' as const), key }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('post' as const), key }) },
    { weight: 9, arbitrary: fc.record({ do: fc.constant('finish' as const), at: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('subscribe' as const, 'pull' as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'abort' as const), at: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.constant({ do: 'close' as const }) },
  ),
  { maxLength: 80, size: 'max' },
);

const options: fc.Arbitrary<ChannelOptions<string>> = fc
  .record({
    buffer: fc.nat(5),
    bufferType: fc.constantFrom<BufferType>('fixed', 'dropping', 'sliding'),
    maxPendingPuts: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ buffer, bufferType, maxPendingPuts }) =>
    buffer === 0 || bufferType === 'fixed' ? { buffer, maxPendingPuts } : { buffer, bufferType },
  );

const concurrency = fc.integer({ min: 1, max: 3 });

/** One message that was put: its number, its caller, the way to call its sender off, and what its sender was told. */
interface Sent {
  readonly payload: string;
  readonly caller: Caller;
  readonly sender: AbortController;
  said: string;
}

/** Puts and takes on a real channel, and keeps what came of it. */
class Bench {
  readonly channel: Channel<string>;
  readonly crew: Crew<string>;
  readonly sent: Sent[] = [];
  /** What was dropped, in order: `buffer-slide a4`. */
  readonly dropped: string[] = [];
  /** What somebody beside the crew took. */
  readonly seen: string[] = [];

  constructor(given: ChannelOptions<string>, crewSize: number, isKeyed: boolean) {
    // Who hears of what is accepted has messages made of what is posted.
    const { channel, announcer } = open<string>(given, { redact: (payload) => payload, hears: ['workers.drop'] });
    this.channel = channel;
    this.crew = Crew.at(channel, crewSize, isKeyed ? ({ payload }) => payload.charAt(0) : undefined);
    announcer.listen(
      (event) => event.name === 'workers.drop' && this.dropped.push(`${event.reason} ${String(event.payload)}`),
      ['workers.drop'],
    );
  }

  async do(step: Step): Promise<void> {
    if (step.do === 'put') this.put(step.key, step.mode);
    else if (step.do === 'next') this.next(step.key);
    else if (step.do === 'post') this.post(step.key);
    else if (step.do === 'finish') this.crew.finish(step.at);
    else if (step.do === 'leave') this.sent.at(step.at - 10)?.caller.leave();
    else if (step.do === 'abort') this.sent.at(step.at - 10)?.sender.abort(new Error('aborted'));
    else if (step.do === 'close') this.channel.complete();
    else if (step.do === 'subscribe')
      this.channel
        .pipe(take(1))
        .subscribe((value) => this.seen.push(value))
        .unsubscribe();
    else await this.pull();
    // What senders are told comes with a promise, which takes a few microtasks.
    for (let ticks = 0; ticks < 4; ticks++) await null;
  }

  private async pull(): Promise<void> {
    const iterator = this.channel[Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return?.();
    const { value, done } = await next;
    if (done !== true) this.seen.push(value);
  }

  private put(of: string, as: PutMode): void {
    const sent = this.send(of);
    try {
      const said = this.channel.put(message(sent.payload, sent.caller), as, sent.sender.signal);
      sent.said = typeof said === 'string' ? said : 'waits';
      if (typeof said === 'object') {
        said.then(
          (result) => (sent.said = result),
          (error: unknown) => (sent.said = (error as Error).name),
        );
      }
    } catch (error) {
      sent.said = (error as Error).name;
    }
  }

  private post(of: string): void {
    const sent = this.send(of);
    try {
      sent.said = this.channel.post(sent.payload, 0) as string;
    } catch (error) {
      sent.said = (error as Error).name;
    }
  }

  /** A payload that arrives by `next` has no caller; its sender learns nothing, so the bench looks at what was dropped. */
  private next(of: string): void {
    const sent = this.send(of);
    this.channel.next(sent.payload);
    sent.said = this.dropped.some((line) => line.endsWith(` ${sent.payload}`)) ? 'dropped' : 'accepted';
  }

  private send(of: string): Sent {
    const sent = {
      payload: `${of}${this.sent.length + 1}`,
      caller: new Caller(),
      sender: new AbortController(),
      said: '',
    };
    this.sent.push(sent);
    return sent;
  }
}

/** The same channel as it is told in DESIGN.md, in lists; first in, first out. */
class Model {
  readonly started: string[] = [];
  readonly seen: string[] = [];
  readonly dropped: string[] = [];
  readonly said: string[] = [];
  private readonly sent: { payload: string; hasCaller: boolean; hasLeft: boolean; wasAborted: boolean }[] = [];
  private readonly buffer: number[] = [];
  private readonly pending: number[] = [];
  private readonly running: number[] = [];
  private isOpen = true;

  constructor(
    private readonly options: ChannelOptions<string>,
    private readonly concurrency: number,
  ) {}

  get lying(): [number, number, number] {
    return [this.buffer.length, this.pending.length, this.running.length];
  }

  do(step: Step): void {
    if (step.do === 'put') this.put(step.key, step.mode);
    else if (step.do === 'next' || step.do === 'post') this.put(step.key, step.do);
    else if (step.do === 'finish') this.finish(step.at);
    else if (step.do === 'leave') this.leave(this.sent.at(step.at - 10));
    else if (step.do === 'abort') this.abort(this.sent.length + step.at - 10);
    else if (step.do === 'close') this.close();
    else this.see();
  }

  private put(of: string, as: PutMode | 'next' | 'post'): void {
    const one = this.sent.length;
    const payload = `${of}${one + 1}`;
    this.sent.push({ payload, hasCaller: as !== 'next' && as !== 'post', hasLeft: false, wasAborted: false });
    this.said.push(this.enter(one, payload, as));
  }

  private enter(one: number, payload: string, as: PutMode | 'next' | 'post'): string {
    const { buffer: capacity = 0, bufferType = 'fixed', maxPendingPuts = 1_024 } = this.options;
    if (!this.isOpen) return as === 'next' ? this.drop('input-drop', payload) : 'ChannelClosedError';
    if (this.running.length < this.concurrency) return this.start(one);
    if (this.buffer.length < capacity) return this.accept(this.buffer, one);
    if (bufferType === 'dropping') return this.drop('buffer-drop', payload);
    if (bufferType === 'sliding') {
      this.drop('buffer-slide', this.payload(this.buffer.shift() as number));
      return this.accept(this.buffer, one);
    }
    if (as === 'drop' || as === 'next') return this.drop('input-drop', payload);
    if (this.pending.length >= maxPendingPuts) return 'ChannelOverflowError';
    this.accept(this.pending, one);
    return as === 'block' ? 'waits' : 'accepted';
  }

  private start(one: number): string {
    this.running.push(one);
    this.started.push(this.payload(one));
    return 'accepted';
  }

  private accept(into: number[], one: number): string {
    into.push(one);
    return 'accepted';
  }

  private drop(reason: string, payload: string): string {
    this.dropped.push(`${reason} ${payload}`);
    return 'dropped';
  }

  private finish(at: number): void {
    if (this.running.splice(at, 1).length === 0) return;
    for (let one = this.take(); one !== undefined; one = this.take()) {
      this.start(one);
      if (this.running.length >= this.concurrency) return;
    }
  }

  private see(): void {
    const one = this.take();
    if (one !== undefined) this.seen.push(this.payload(one));
  }

  private take(): number | undefined {
    for (;;) {
      const one = this.buffer.shift() ?? this.pending.shift();
      if (one === undefined) return undefined;
      this.admit(one);
      while (this.buffer.length < (this.options.buffer ?? 0) && this.pending.length > 0) {
        const next = this.pending.shift() as number;
        this.admit(next);
        this.buffer.push(next);
      }
      if (this.sent[one]?.hasLeft !== true) return one;
      this.drop('expired', this.payload(one));
    }
  }

  private admit(one: number): void {
    this.said[one] = 'accepted';
  }

  private leave(one: Model['sent'][number] | undefined): void {
    if (one?.hasCaller === true) one.hasLeft = true;
  }

  private abort(one: number): void {
    if (this.said[one] !== 'waits') return;
    this.pending.splice(this.pending.indexOf(one), 1);
    this.said[one] = 'Error';
  }

  private close(): void {
    this.isOpen = false;
    for (const one of this.pending.filter((one) => this.said[one] === 'waits')) {
      this.pending.splice(this.pending.indexOf(one), 1);
      this.said[one] = 'ChannelClosedError';
    }
  }

  private payload(one: number): string {
    return this.sent[one]?.payload as string;
  }
}

/** The entry line and the exit line of the books, from what the channel says of itself. */
function books(channel: Channel<string>) {
  const { accepted, refused, taken, leftOver, depth, drops } = channel.stats();
  const { 'input-drop': input = 0, 'buffer-drop': buffer = 0, 'buffer-slide': slid = 0, expired = 0 } = drops;
  return { entered: accepted + refused + input + buffer, accepted, left: taken + slid + expired + leftOver + depth };
}

/** What a sender is told that is no refusal. */
const NOT_REFUSED = new Set(['accepted', 'dropped', 'waits']);

describe('a channel, whatever is done to it,', () => {
  it('does what the design says, step by step, over all buffer types and put modes', async () => {
    await fc.assert(
      fc.asyncProperty(options, concurrency, steps, async (given, crewSize, program) => {
        const bench = new Bench(given, crewSize, false);
        const model = new Model(given, crewSize);
        for (const step of program) {
          await bench.do(step);
          model.do(step);
          const { depth, pendingPuts } = bench.channel.stats();
          expect([depth, pendingPuts, bench.crew.running.length]).toEqual(model.lying);
          expect(bench.sent.map(({ said }) => said)).toEqual(model.said);
        }
        expect(bench.crew.started).toEqual(model.started);
        expect(bench.seen).toEqual(model.seen);
        expect(bench.dropped).toEqual(model.dropped);
      }),
      { numRuns: 400 },
    );
  });

  it('balances its books after every step, and keeps its bounds', async () => {
    await fc.assert(
      fc.asyncProperty(options, concurrency, fc.boolean(), steps, async (given, crewSize, isKeyed, program) => {
        const bench = new Bench(given, crewSize, isKeyed);
        const { channel } = bench;
        for (const step of program) {
          await bench.do(step);
          const { depth, capacity, pendingPuts, maxPendingPuts, refused } = channel.stats();
          expect(depth).toBeLessThanOrEqual(capacity);
          expect(pendingPuts).toBeLessThanOrEqual(maxPendingPuts);
          expect(bench.crew.most).toBeLessThanOrEqual(crewSize);
          const { entered, accepted, left } = books(channel);
          const waiting = bench.sent.filter(({ said }) => said === 'waits').length;
          expect(entered).toBe(bench.sent.length - waiting);
          expect(left + (pendingPuts - waiting)).toBe(accepted);
          expect(refused).toBe(bench.sent.filter(({ said }) => !NOT_REFUSED.has(said)).length);
        }
        channel.complete();
        const rest = channel.takeRest();
        const { accepted, left } = books(channel);
        expect([left, channel.state]).toEqual([accepted, 'closed']);
        expect(channel.stats().taken).toBe(bench.crew.started.length + bench.seen.length);
        const ends = [...bench.crew.started, ...bench.seen, ...rest.map(({ payload }) => payload)];
        expect(new Set(ends).size).toBe(ends.length);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps order per key, one at a time, and no key waits for another', async () => {
    await fc.assert(
      fc.asyncProperty(options, concurrency, steps, async (given, crewSize, program) => {
        const bench = new Bench(given, crewSize, true);
        const { crew, channel } = bench;
        const keyOf = (payload: string): string => payload.charAt(0);
        for (const step of program) {
          await bench.do(step);
          const busy = crew.running.map(({ payload }) => keyOf(payload));
          expect(new Set(busy).size).toBe(busy.length);
          if (busy.length === crewSize) continue;
          const gone = new Set([
            ...crew.started,
            ...bench.seen,
            ...bench.dropped.map((line) => line.split(' ')[1] as string),
          ]);
          const waiting = bench.sent.filter(
            ({ said, payload }) => ['accepted', 'waits'].includes(said) && !gone.has(payload),
          );
          expect(
            waiting.filter(({ payload, caller }) => !busy.includes(keyOf(payload)) && caller.state === 'waiting'),
          ).toEqual([]);
        }
        while (crew.running.length > 0) crew.finish();
        expect([channel.isEmpty, channel.stats().pendingPuts]).toEqual([true, 0]);
        for (const one of 'abc') {
          const numbers = crew.started
            .filter((payload) => keyOf(payload) === one)
            .map((payload) => Number(payload.slice(1)));
          expect(numbers).toEqual(numbers.toSorted((x, y) => x - y));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('loses the oldest of all where a sliding buffer has keys, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), concurrency, steps, async (buffer, crewSize, program) => {
        const bench = new Bench({ buffer, bufferType: 'sliding' }, crewSize, true);
        const waiting = new Set<string>();
        for (const step of program) {
          const [known, dropped] = [bench.sent.length, bench.dropped.length];
          await bench.do(step);
          const slid = bench.dropped.slice(dropped).filter((line) => line.startsWith('buffer-slide'));
          expect(slid).toEqual(slid.length === 0 ? [] : [`buffer-slide ${[...waiting][0]}`]);
          for (const { payload, said } of bench.sent.slice(known)) if (said === 'accepted') waiting.add(payload);
          for (const payload of [...bench.crew.started, ...bench.seen]) waiting.delete(payload);
          for (const line of bench.dropped) waiting.delete(line.split(' ')[1] as string);
          expect(bench.channel.stats().depth).toBe(waiting.size);
        }
      }),
      { numRuns: 300 },
    );
  });
});
