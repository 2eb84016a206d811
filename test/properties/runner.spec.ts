import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Turn } from '../../libs/workers/src/lifecycle/turn.js';
import type { Delivery } from '../../libs/workers/src/message/delivery.js';
import { NamedMessage } from '../../libs/workers/src/message/message.js';
import type { Outcome } from '../../libs/workers/src/message/outcome.js';
import { Announcer } from '../../libs/workers/src/observe/announcer.js';
import { HeldClock } from '../../libs/workers/src/testing/held.clock.js';
import { RecordingDispatcher } from '../../libs/workers/src/testing/recording.dispatcher.js';
import { Completion } from '../../libs/workers/src/worker/completion.js';
import { HandlerContext } from '../../libs/workers/src/worker/worker.context.js';
import { WorkerRunner } from '../../libs/workers/src/worker/worker.runner.js';

type Settling = 'at once' | 'later' | 'later, in vain' | 'in vain';
type Step = { do: 'put'; settling: Settling } | { do: 'end' | 'settle'; at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      settling: fc.constantFrom<Settling>('at once', 'later', 'later', 'later', 'later, in vain', 'in vain'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('end' as const), at: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const), at: fc.nat(3) }) },
);

/** A durable source: a line of deliveries, each of which is settled as it says. */
class Bench {
  readonly settled: string[] = [];
  readonly released: string[] = [];
  readonly announced: string[] = [];
  readonly dispatcher = new RecordingDispatcher();
  readonly runner: WorkerRunner;
  put = 0;
  private readonly line: Delivery[] = [];
  private readonly underWay: (() => void)[] = [];

  constructor(readonly concurrency: number) {
    const [clock, announcer] = [new HeldClock(), new Announcer()];
    announcer.listen((event) => event.name === 'workers.completed' && this.announced.push(event.messageId));
    const to = {
      worker: 'Relay',
      in: undefined,
      out: undefined,
      outputDrop: 'output-drop' as const,
      failures: undefined,
    };
    const info = { name: 'Relay', in: undefined, out: undefined, concurrency, timeoutMs: undefined };
    const house = { info, channels: {}, logger: console, announcer, clock, stats: () => ({}) as never };
    this.runner = new WorkerRunner({
      name: 'Relay',
      channel: undefined,
      concurrency,
      timeoutMs: undefined,
      dispatcher: this.dispatcher.create({ name: 'Relay', invoke: () => undefined }),
      completion: new Completion(to, clock, announcer),
      contextFor: (delivery: Delivery) => new HandlerContext(house, delivery),
      clock,
      turn: new Turn(),
      announcer,
      onBusy: () => {},
      onAborted: () => {},
    });
  }

  async start(): Promise<void> {
    const { line, released } = this;
    await this.runner.start({
      take: () => line.shift(),
      release: ({ message }) => void released.push(message.id),
      get isEmpty() {
        return line.length === 0;
      },
      takeRest: () => [],
    });
  }

  async do(asked: Step): Promise<void> {
    if (asked.do === 'put') this.send(asked.settling);
    else if (asked.do === 'end') this.running[asked.at]?.done(1);
    else this.underWay.splice(asked.at, 1)[0]?.();
    // Twice round the event loop: a runner may give it its turn before it goes on.
    for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve));
  }

  get running() {
    return this.dispatcher.runs.filter(({ state }) => state === 'running');
  }

  get isUnderWay(): boolean {
    return this.running.length + this.underWay.length > 0;
  }

  private send(settling: Settling): void {
    const message = new NamedMessage(settling, 0, undefined, undefined, `m${++this.put}`, 1);
    const delivery: Delivery = { message, settle: (outcome) => this.settle(message.id, settling, outcome) };
    if (this.runner.isHungry) this.runner.give(delivery);
    else this.line.push(delivery);
  }

  private settle(id: string, settling: Settling, { type }: Outcome): void | Promise<void> {
    this.settled.push(`${type} ${id}`);
    if (settling === 'in vain') throw new Error('no connection');
    if (settling === 'at once') return undefined;
    return new Promise((resolve, reject) =>
      this.underWay.push(() => (settling === 'later' ? resolve() : reject(new Error('no connection')))),
    );
  }
}

describe('a runner whose deliveries take their time to settle', () => {
  it('keeps both of its bounds, idles only for a bound, settles each delivery once and tells nobody before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { maxLength: 60, size: 'max' }),
        async (concurrency, steps) => {
          const bench = new Bench(concurrency);
          const { runner, dispatcher } = bench;
          await bench.start();
          const look = (): void => {
            const { inFlight, unsettled, maxUnsettled } = runner.stats();
            expect(inFlight).toBe(bench.running.length);
            expect(inFlight).toBeLessThanOrEqual(concurrency);
            expect(maxUnsettled).toBe(2 * concurrency);
            expect(unsettled).toBeLessThanOrEqual(maxUnsettled);
            if (inFlight < concurrency && inFlight + unsettled < maxUnsettled)
              expect(dispatcher.runs.length).toBe(bench.put);
          };
          for (const asked of steps) {
            await bench.do(asked);
            look();
          }
          while (bench.isUnderWay) {
            await bench.do({ do: 'end', at: 0 });
            await bench.do({ do: 'settle', at: 0 });
            look();
          }
          const ids = Array.from({ length: bench.put }, (_, index) => `m${index + 1}`);
          expect(dispatcher.runs.map(({ message }) => message.id)).toEqual(ids);
          expect(bench.settled.toSorted()).toEqual(ids.map((id) => `done ${id}`).toSorted());
          expect(bench.released.toSorted()).toEqual(ids.toSorted());
          const told = dispatcher.runs.filter(({ payload }) => payload === 'at once' || payload === 'later');
          expect(bench.announced.toSorted()).toEqual(told.map(({ message }) => message.id).toSorted());
          expect([runner.isQuiet, runner.isDrained]).toEqual([true, true]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
