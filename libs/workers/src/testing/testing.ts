import type { INestApplicationContext } from '@nestjs/common';
import type { ChannelDeclaration } from '../channel/channel.declaration.js';
import type { RequestOptions } from '../gateway/entrance.js';
import type { PayloadOf, ResultOf, WorkerClass } from '../gateway/worker.gateway.js';
import type { Duration } from '../lifecycle/duration.js';
import type { Message } from '../message/message.js';
import type { WorkersEvent, WorkersEventName } from '../observe/events.js';
import type { WorkersStats, WorkerStats } from '../observe/stats.js';
import { HandlerFailedError, WorkerUnknownError } from '../worker/worker.errors.js';
import { WORKER_METADATA, type WorkerRecord } from '../worker/worker.js';
import { type AssembledWorker, WorkersApplication } from '../workers.application.js';
import { WaitedTooLongError, WorkersNotRunningError } from './testing.errors.js';
import { alarm, DEFAULT_LIMIT, limitOf, turn, until } from './until.js';

/** One event of a name. */
export type EventNamed<N extends WorkersEventName> = Extract<WorkersEvent, { readonly name: N }>;

/** Which events are meant: those with these fields, or those for which a function says so. */
export type Where<N extends WorkersEventName> = Partial<EventNamed<N>> | ((event: EventNamed<N>) => boolean);

/** What happened since the last drain, or since `workersTesting()` where this is the first. */
export interface DrainReport {
  readonly done: number;
  readonly failed: number;
  readonly aborted: number;
  readonly lost: number;
  /** Under whatever reason; `WorkerGateway.stats` tells them apart. */
  readonly dropped: number;
  /** What the failed and the lost came from, in order. */
  readonly errors: readonly Error[];
}

/**
 * The workers of `app`, as a test sees them. Ask for it once `app` is compiled, before or after it is started.
 *
 * @throws ConfigurationError with everything that is wrong with the application's workers
 * @example
 * const moduleRef = await Test.createTestingModule({ imports: [AppModule] }).compile();
 * const workers = workersTesting(moduleRef);
 * await moduleRef.init();
 */
export function workersTesting(app: Pick<INestApplicationContext, 'get'>): WorkersTesting {
  return new WorkersTesting(app.get(WorkersApplication, { strict: false }));
}

/**
 * Sees what was put, waits for what happens, and performs single messages, in the application as it is: real channels, validation,
 * interceptors, guards, outcomes. It changes nothing, and works with any test runner.
 *
 * Invariant: nothing here waits for a time; each wait is for a fact and has a limit, and says what was missing when that is over.
 */
export class WorkersTesting {
  private readonly taken = new Map<string, Message[]>();
  private heard: WorkersEvent[] = [];
  private before: Totals;
  private errors: Error[] = [];

  /** @internal use `workersTesting` */
  constructor(private readonly app: WorkersApplication) {
    app.open();
    for (const channel of app.channels) {
      const messages: Message[] = [];
      this.taken.set(channel.name, messages);
      channel.tap$.subscribe((message) => messages.push(message));
    }
    app.announcer.listen((event) => {
      this.heard.push(event);
      if (event.name === 'workers.error') this.errors.push(event.error);
    });
    this.before = totals(app.stats());
  }

  /**
   * The payloads that a worker's channel has taken in since the last `clear()`, whoever put them; or those of any channel, such as a
   * worker's `out`. What was dropped at the door is not among them. Workers that share a channel share what was sent.
   *
   * @throws WorkerUnknownError, ChannelUnknownError
   */
  sent<W extends WorkerClass>(worker: W): PayloadOf<W>[];
  sent<T>(channel: ChannelDeclaration<T>): T[];
  sent(worker: string): unknown[];
  sent(what: WorkerClass | ChannelDeclaration | string): unknown[] {
    const channel = this.app.channel(typeof what === 'object' ? what : inputOf(this.worker(what)));
    return (this.taken.get(channel.name) ?? []).map(({ payload }) => payload);
  }

  /** Everything that was announced since the last `clear()`, or what of it has this name. */
  events(): readonly WorkersEvent[];
  events<N extends WorkersEventName>(name: N): readonly EventNamed<N>[];
  events(name?: WorkersEventName): readonly WorkersEvent[] {
    return name === undefined ? this.heard : this.heard.filter((event) => event.name === name);
  }

  /** Forgets what was sent and announced so far. */
  clear(): void {
    for (const messages of this.taken.values()) messages.length = 0;
    this.heard = [];
  }

  /**
   * The next event of this name that `where` means, from now on. Ask before you do what should cause it.
   *
   * @throws WaitedTooLongError
   * @example
   * const failed = workers.next('workers.error', { worker: 'ResizeWorker' });
   * await gateway.command(ResizeWorker, broken);
   * expect((await failed).error.message).toBe('no image');
   */
  next<N extends WorkersEventName>(
    name: N,
    where: Where<N> = {},
    limit: Duration = DEFAULT_LIMIT,
  ): Promise<EventNamed<N>> {
    const limitMs = limitOf(limit);
    const coming = new Promise<EventNamed<N>>((resolve, reject) => {
      const forget = this.app.announcer.listen(
        (event) => {
          if (!isMeant(event as EventNamed<N>, where)) return;
          forget();
          disarm();
          resolve(event as EventNamed<N>);
        },
        [name],
      );
      const disarm = alarm(limitMs, () => {
        forget();
        const others = this.events(name).length;
        reject(new WaitedTooLongError(limitMs, `the event '${name}' as asked for; ${others} of that name were heard.`));
      });
    });
    // Who asks and then fails before awaiting has a better error to show than this one.
    coming.catch(() => {});
    return coming;
  }

  /**
   * Waits until nothing waits for a worker and nothing runs, whatever follows from what was sent included.
   *
   * Sees: channels that a worker takes from, handlers, their settling, ticks. Does not see: a `command` whose validation is still under way
   * (await it first), and channels that no worker takes from.
   *
   * @throws WaitedTooLongError that names what is still there; WorkersNotRunningError
   */
  async drain(limit: Duration = DEFAULT_LIMIT): Promise<DrainReport> {
    if (this.app.supervisor.state === 'idle') throw new WorkersNotRunningError('drain()', 'not started');
    await until(
      async () => this.isDrained() && (await turn(), this.isDrained()),
      limit,
      () => `everything to be done. Still there: ${this.remains()}.`,
    );
    const now = totals(this.app.stats());
    const { before, errors } = this;
    [this.before, this.errors] = [now, []];
    return {
      done: now.done - before.done,
      failed: now.failed - before.failed,
      aborted: now.aborted - before.aborted,
      lost: now.lost - before.lost,
      dropped: now.dropped - before.dropped,
      errors,
    };
  }

  /**
   * Sends one payload the whole way, to a worker that need not be exposed: validation, interceptors, channel, guards, handler, completion.
   * Where workers share a channel, whichever of them is free takes it, as in life.
   *
   * @returns what the handler returned
   * @throws what the handler threw, as it is; otherwise what `WorkerGateway.request` rejects with; WorkersNotRunningError
   */
  perform<W extends WorkerClass>(worker: W, payload: PayloadOf<W>, options?: RequestOptions): Promise<ResultOf<W>>;
  perform(worker: string, payload: unknown, options?: RequestOptions): Promise<unknown>;
  async perform(worker: WorkerClass | string, payload: unknown, options?: RequestOptions): Promise<unknown> {
    const { entrance } = this.worker(worker);
    if (this.app.supervisor.state === 'idle') throw new WorkersNotRunningError('perform()', 'not started');
    try {
      return await entrance.request(payload, options);
    } catch (error) {
      throw error instanceof HandlerFailedError ? error.cause : error;
    }
  }

  private worker(asked: WorkerClass | string): AssembledWorker {
    const { workers } = this.app.open();
    const found = workers.find(({ crew, target }) => asked === target || asked === crew.name);
    if (found !== undefined) return found;
    throw new WorkerUnknownError(
      typeof asked === 'string' ? asked : asked.name,
      workers.map(({ crew }) => crew.name),
    );
  }

  private isDrained(): boolean {
    const { workers, tickers } = this.app.open();
    return [...workers, ...tickers].every(({ crew }) => crew.isDrained);
  }

  private remains(): string {
    const { workers, tickers } = this.app.open();
    const { channels } = this.app.stats();
    const still = workers
      .filter(({ crew }) => !crew.isDrained)
      .map((worker) => {
        const channel = channels[this.app.channel(inputOf(worker)).name];
        const waiting = (channel?.depth ?? 0) + (channel?.pendingPuts ?? 0);
        return `${worker.crew.name} (${underWay(worker.stats())}, ${waiting} waiting)`;
      });
    const ticking = tickers
      .filter(({ crew }) => !crew.isDrained)
      .map((ticker) => {
        const { inFlight, queued } = ticker.stats();
        return `${ticker.crew.name} (${inFlight} in flight, ${queued} waiting)`;
      });
    return [...still, ...ticking].join(', ');
  }
}

interface Totals extends Omit<DrainReport, 'errors'> {}

function totals({ channels, workers, tickers }: WorkersStats): Totals {
  const all = [...Object.values(workers), ...Object.values(tickers)];
  return {
    done: sum(all.map(({ done }) => done)),
    failed: sum(all.map(({ failed }) => (typeof failed === 'number' ? failed : sum(Object.values(failed))))),
    aborted: sum(all.map(({ aborted }) => aborted)),
    lost: sum(Object.values(workers).map(({ lost }) => lost)),
    dropped: sum(Object.values(channels).flatMap(({ drops }) => Object.values(drops))),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function underWay({ inFlight, unsettled }: WorkerStats): string {
  return unsettled === 0 ? `${inFlight} in flight` : `${inFlight} in flight, ${unsettled} settling`;
}

/** The channel a worker takes from; no option overrides what its decorator says. */
function inputOf({ target }: AssembledWorker): ChannelDeclaration | string {
  const { options } = Reflect.getOwnMetadata(WORKER_METADATA, target) as WorkerRecord;
  return (options as { in: ChannelDeclaration | string }).in;
}

function isMeant<N extends WorkersEventName>(event: EventNamed<N>, where: Where<N>): boolean {
  if (typeof where === 'function') return where(event);
  const fields = event as unknown as Record<string, unknown>;
  return Object.entries(where).every(([field, value]) => Object.is(fields[field], value));
}
