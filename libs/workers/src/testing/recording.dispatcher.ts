import type { Dispatcher, DispatchPlan, DispatchSite, Run } from '../dispatch/dispatcher.js';
import type { Duration } from '../lifecycle/duration.js';
import { fault, thrownFault } from '../message/fault.js';
import type { Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
import type { WorkerContext } from '../worker/worker.context.js';
import { DEFAULT_LIMIT, until } from './until.js';

/**
 * A dispatcher that calls no handler: it records each run, and the test says what came of it. For testing what happens around
 * handlers: who waits while one runs, what follows when one fails or is lost.
 *
 * Give it as `dispatch` to one worker or, in the module's options, to all of them.
 *
 * @example
 * const dispatcher = new RecordingDispatcher();
 * // ... WorkersModule.forRoot({ channels, dispatch: dispatcher })
 * const thumbnail = gateway.request(ResizeWorker, upload);
 * const run = await dispatcher.next();
 * run.fail(new PermanentError('no image'));
 */
export class RecordingDispatcher implements DispatchPlan {
  readonly kind = 'recording';
  /** Every run so far, in the order in which they began. */
  readonly runs: RecordedRun[] = [];
  private handedOut = 0;

  /** @param decide called for each run as it begins; may end it at once. Without it runs wait for the test. */
  constructor(private readonly decide: (run: RecordedRun) => void = () => {}) {}

  /**
   * The first run that was not asked for yet, as soon as it begins.
   *
   * @throws WaitedTooLongError
   */
  async next(limit: Duration = DEFAULT_LIMIT): Promise<RecordedRun> {
    const index = this.handedOut++;
    await until(
      () => this.runs.length > index,
      limit,
      () => `run ${index + 1} to begin; ${this.runs.length} did.`,
    );
    return this.runs[index] as RecordedRun;
  }

  create(site: DispatchSite): Dispatcher {
    const recorded = new Map<Run, RecordedRun>();
    return {
      start: () => {},
      dispatch: (run) => {
        const record = new RecordedRun(run, site);
        // The runner lends its runs again, so the latest is the one that can be abandoned.
        recorded.set(run, record);
        this.runs.push(record);
        run.entered();
        this.decide(record);
      },
      abandon: (run) => recorded.get(run)?.abandon(),
      askToStop: () => {},
      stop: () => {},
      isolates: () => [],
    };
  }
}

/** One run: `running` until the test ends it, `ended` after, or `abandoned` when nobody waited for it any longer. */
export class RecordedRun {
  state: 'running' | 'ended' | 'abandoned' = 'running';
  readonly worker: string;
  readonly message: Message;
  readonly context: WorkerContext;

  constructor(
    private readonly run: Run,
    private readonly site: DispatchSite,
  ) {
    this.worker = site.name;
    this.message = run.message;
    this.context = run.context as unknown as WorkerContext;
  }

  get payload(): unknown {
    return this.message.payload;
  }

  /** As if the handler had returned `value`. */
  done(value?: unknown): void {
    this.end({ type: 'done', value });
  }

  /** As if the handler had thrown `thrown`. */
  fail(thrown: unknown): void {
    this.end({ type: 'failed', fault: thrownFault(thrown) });
  }

  /** As if the isolate had died after the handler was entered: nobody knows what was done. */
  lose(error: Error = new Error('The isolate was lost')): void {
    this.end({ type: 'lost', fault: fault('isolate_crashed', error) });
  }

  /** Has the real handler decide, with everything that belongs around it. */
  async handle(): Promise<void> {
    try {
      this.done(await this.site.invoke(this.message, this.run.context));
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** @internal */
  abandon(): void {
    if (this.state === 'running') this.state = 'abandoned';
  }

  /** An abandoned run may still be ended, which is reported as late; an ended one may not. */
  private end(outcome: Outcome): void {
    if (this.state === 'ended') throw new Error(`The run of message ${this.message.id} has ended before`);
    this.state = 'ended';
    this.run.end(outcome);
  }
}
