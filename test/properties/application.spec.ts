import { Test } from '@nestjs/testing';
import {
  type BufferType,
  channel,
  type ChannelDeclaration,
  type ChannelOptions,
  type CommandOptions,
  type Leftover,
  type PayloadType,
  PermanentError,
  type PutMode,
  RequestTimeoutError,
  RetryableError,
  Worker,
  type WorkerContext,
  type WorkerFailure,
  WorkerGateway,
  type WorkerHandler,
  WorkersError,
  type WorkersEvent,
  type WorkersEventName,
  WorkersModule,
} from '@nestjs-workers/core';
import { HeldClock } from '@nestjs-workers/core/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** What a handler shall do with its message. */
const ACTS = [
  'return a value',
  'return nothing',
  'return null',
  'throw',
  'throw a string',
  'throw for good',
  'throw for now',
  'reject',
  'return later',
  'fail later',
  'hang',
  'hang until told',
  'reply early',
  'reply early and throw',
  'reply early and hang',
  'return after a second',
  'be checked for long',
  'be refused',
] as const;
type Act = (typeof ACTS)[number];

const WITH_VALUE = new Set<Act>(['return a value', 'return later', 'return after a second']);

/** The events that tell an outcome. */
const OUTCOMES = new Set<WorkersEventName>(['workers.completed', 'workers.error', 'workers.aborted']);

interface Job {
  readonly id: number;
  readonly key: string;
  readonly act: Act;
}

/** One script of what happens to an application, until it is stopped. */
type Step =
  | {
      do:
        | 'command'
        | 'request'
        | 'next'
        | 'command and give up'
        | 'request and give up'
        | 'command too late'
        | 'request too late';
      act: Act;
      key: string;
    }
  | { do: 'give up'; at: number }
  | { do: 'wait'; ms: number }
  | { do: 'turn' };

interface Plan {
  readonly in: Pick<ChannelOptions<Job>, 'buffer' | 'bufferType' | 'putMode' | 'maxPendingPuts'>;
  readonly outBuffer: number;
  readonly concurrency: number;
  readonly isKeyed: boolean;
  readonly isChecked: boolean;
  readonly requestTimeout: '3s' | '1h';
  readonly isStopped: 'at once' | 'when all is done';
  readonly steps: readonly Step[];
}

const act = fc.constantFrom(...ACTS);
const key = fc.constantFrom('a', 'a', 'b', 'c');
const kind = fc.constantFrom('command' as const, 'request' as const, 'next' as const);
const patience = fc.constantFrom(
  'command and give up' as const,
  'request and give up' as const,
  'command too late' as const,
  'request too late' as const,
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: fc.record({ do: kind, act, key }) },
  { weight: 3, arbitrary: fc.record({ do: patience, act, key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('give up' as const), at: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 500, 1_000, 3_000) }) },
  { weight: 4, arbitrary: fc.constant({ do: 'turn' as const }) },
);
const input: fc.Arbitrary<Plan['in']> = fc
  .record({
    buffer: fc.nat(6),
    bufferType: fc.constantFrom<BufferType>('fixed', 'dropping', 'sliding'),
    putMode: fc.constantFrom<PutMode>('async', 'block', 'drop'),
    maxPendingPuts: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ buffer, bufferType, putMode, maxPendingPuts }) =>
    buffer === 0 || bufferType === 'fixed' ? { buffer, putMode, maxPendingPuts } : { buffer, bufferType, putMode },
  );
const plan: fc.Arbitrary<Plan> = fc.record({
  in: input,
  outBuffer: fc.nat(4),
  concurrency: fc.integer({ min: 1, max: 4 }),
  isKeyed: fc.boolean(),
  isChecked: fc.boolean(),
  requestTimeout: fc.constantFrom('3s' as const, '1h' as const),
  isStopped: fc.constantFrom('at once' as const, 'when all is done' as const),
  steps: fc.array(step, { maxLength: 50, size: 'max' }),
});

const SILENT = { log: () => {}, warn: () => {}, error: () => {} };

/** An application whose one worker does what its messages say, with everything that is seen from outside written down. */
class Stage {
  readonly entered: Job[] = [];
  readonly problems: string[] = [];
  readonly answers: { id: number; said: unknown }[] = [];
  readonly leftovers: Leftover[] = [];
  /** Those that were handed to the channel by whatever way. */
  sent = 0;
  /** When an answer to a request was promised, at the latest; `Infinity` for a command. */
  readonly promises = new Map<number, number>();
  /** How many of what came to `done` had a value for the output. */
  outputs = 0;
  /** Promises that were open when the application had stopped. */
  unanswered = 0;
  /** Messages whose outcome was told. */
  private readonly ended = new Set<number>();
  private readonly jobs = new Map<string, Job>();
  private readonly running = new Map<number, { job: Job; signal: AbortSignal }>();
  private readonly impatient: AbortController[] = [];
  private readonly In: ChannelDeclaration<Job>;
  private readonly Out: ChannelDeclaration<unknown>;
  private readonly Failures = channel<WorkerFailure>('failures', { buffer: 2, bufferType: 'sliding' });
  private readonly clock = new HeldClock();
  private gateway!: WorkerGateway;

  constructor(private readonly plan: Plan) {
    this.In = channel('in', plan.isChecked ? { ...plan.in, payload: this.schema() } : plan.in);
    this.Out = channel('out', { buffer: plan.outBuffer });
  }

  async perform(): Promise<void> {
    const { moduleRef, worker } = await this.open();
    this.gateway = moduleRef.get(WorkerGateway);
    for (const asked of this.plan.steps) {
      await this.do(asked, worker);
      await turn();
      this.look();
      this.ask();
    }
    if (this.plan.isStopped === 'when all is done') await this.clock.advance('10m');
    const stopping = moduleRef.close();
    await this.clock.advance('10s');
    await stopping;
    await turn();
    this.look();
    this.ask();
    this.unanswered = this.promises.size - this.answers.length;
    // What is still checked when the application stops learns of it afterwards.
    await this.clock.advance('1h');
  }

  get stats() {
    return this.gateway.stats();
  }

  /** What a payload of a checked channel has to pass; some take longer than a caller waits. */
  private schema(): PayloadType<Job> {
    const validate = async (job: unknown) => {
      const { act } = job as Job;
      if (act === 'be checked for long') await new Promise<void>((resolve) => this.clock.after(4_000, resolve));
      return act === 'be refused' ? { issues: [{ message: 'refused' }] } : { value: job as Job };
    };
    return { '~standard': { version: 1, vendor: 'test', validate } };
  }

  private async open() {
    const { In, Out, Failures, plan } = this;
    const act = (job: Job, context: WorkerContext): Promise<unknown> => this.act(job, context);

    @Worker({
      name: 'Actor',
      in: In,
      out: Out,
      failures: Failures,
      expose: true,
      concurrency: plan.concurrency,
      timeout: '2s',
      ...(plan.isKeyed ? { key: ({ payload }: { payload: Job }) => payload.key } : {}),
    })
    class Actor implements WorkerHandler<Job> {
      handle(job: Job, context: WorkerContext): unknown {
        return act(job, context);
      }
    }

    const moduleRef = await Test.createTestingModule({
      imports: [
        WorkersModule.forRoot({
          channels: [In, Out, Failures],
          clock: this.clock,
          guard: 'off',
          requestTimeout: plan.requestTimeout,
          shutdown: { deadline: '5s', abortGrace: '1s' },
          observer: (event) => this.count(event),
          onLeftover: (leftovers) => void this.leftovers.push(...leftovers),
        }),
      ],
      providers: [Actor],
    })
      .setLogger(SILENT)
      .compile();
    await moduleRef.init();
    return { moduleRef, worker: Actor };
  }

  private async do(asked: Step, worker: new () => WorkerHandler<Job>): Promise<void> {
    if (asked.do === 'wait') return this.clock.advance(asked.ms);
    if (asked.do === 'turn') return this.clock.advance(0);
    if (asked.do === 'give up') return this.impatient[asked.at]?.abort(new Error('The caller gave up'));
    const job = { id: ++this.sent, key: asked.key, act: asked.act };
    if (asked.do === 'next') return this.gateway.channel(this.In).next(job);
    const options = this.optionsFor(asked.do);
    const said = asked.do.startsWith('command')
      ? this.gateway.command(worker, job, options)
      : this.gateway.request(worker, job, options);
    const timeoutMs = asked.do.startsWith('request') && this.plan.requestTimeout === '3s' ? 3_000 : Infinity;
    this.promises.set(job.id, this.clock.now() + timeoutMs);
    said.then(
      (answer) => this.answers.push({ id: job.id, said: answer }),
      (error: unknown) => this.answers.push({ id: job.id, said: error }),
    );
  }

  private count(event: WorkersEvent): void {
    if (!OUTCOMES.has(event.name) || !('messageId' in event)) return;
    const job = this.jobs.get(event.messageId ?? '');
    if (job === undefined) return;
    this.ended.add(job.id);
    if (event.name === 'workers.completed' && WITH_VALUE.has(job.act)) this.outputs++;
  }

  private optionsFor(what: Step['do']): CommandOptions {
    if (what.endsWith('too late')) return { signal: AbortSignal.abort(new Error('The caller gave up')) };
    return what.endsWith('give up') ? { signal: this.impatience() } : {};
  }

  private impatience(): AbortSignal {
    const controller = new AbortController();
    this.impatient.unshift(controller);
    return controller.signal;
  }

  /** Looks whether everybody has been told by now whose message has ended. */
  private ask(): void {
    const answered = new Set(this.answers.map(({ id }) => id));
    const untold = [...this.ended].filter((id) => this.promises.has(id) && !answered.has(id));
    if (untold.length > 0) this.problems.push(`${untold.join(', ')} ended, and nobody was told`);
    for (const [id, by] of this.promises) {
      if (by < this.clock.now() && !answered.has(id)) this.problems.push(`${id} was not answered in time`);
    }
  }

  /** Looks at every bound. */
  private look(): void {
    const { workers, channels } = this.stats;
    for (const [bounded, bound] of [
      [workers['Actor']?.inFlight, this.plan.concurrency],
      [workers['Actor']?.unsettled, workers['Actor']?.maxUnsettled],
      [channels['in']?.depth, this.plan.in.buffer],
      [channels['in']?.pendingPuts, channels['in']?.maxPendingPuts],
      [channels['out']?.depth, this.plan.outBuffer],
      [channels['failures']?.depth, 2],
    ]) {
      if ((bounded as number) > (bound as number)) this.problems.push(`${bounded} is over ${bound}`);
    }
  }

  private async act(job: Job, context: WorkerContext): Promise<unknown> {
    this.enter(job, context);
    try {
      return await this.obey(job, context);
    } finally {
      this.running.delete(job.id);
    }
  }

  private enter(job: Job, { signal, messageId }: WorkerContext): void {
    this.jobs.set(messageId, job);
    this.entered.push(job);
    this.running.set(job.id, { job, signal });
    const inTime = [...this.running.values()].filter((other) => !other.signal.aborted);
    if (inTime.length > this.plan.concurrency) this.problems.push(`${inTime.length} ran at a time`);
    const sameKey = inTime.filter((other) => other.job.key === job.key);
    if (this.plan.isKeyed && sameKey.length > 1)
      this.problems.push(`${sameKey.length} of key ${job.key} ran at a time`);
    const answer = this.answers.find(({ id }) => id === job.id)?.said;
    if (answer instanceof RequestTimeoutError) this.problems.push(`${job.id} ran after its caller had left`);
    this.look();
  }

  private async obey({ id, act }: Job, context: WorkerContext): Promise<unknown> {
    if (act.startsWith('reply early')) context.reply(`early ${id}`);
    switch (act) {
      case 'return a value':
        return `value ${id}`;
      case 'return null':
        return null;
      case 'throw':
      case 'reply early and throw':
        throw new Error(`failure ${id}`);
      case 'throw a string':
        throw `failure ${id}`;
      case 'throw for good':
        throw new PermanentError(`failure ${id}`);
      case 'throw for now':
        throw new RetryableError(`failure ${id}`, { afterMs: 10 });
      case 'reject':
        return Promise.reject(new Error(`failure ${id}`));
      case 'return later':
        await turn();
        return `value ${id}`;
      case 'fail later':
        await turn();
        throw new Error(`failure ${id}`);
      case 'hang':
      case 'reply early and hang':
        return new Promise(() => {});
      case 'hang until told':
        return new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(new Error('told'))));
      case 'return after a second':
        await new Promise<void>((resolve) => this.clock.after(1_000, resolve));
        return `value ${id}`;
      default:
        return undefined;
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function sum(counts: Readonly<Record<string, number>> = {}, ...names: string[]): number {
  const picked = names.length === 0 ? Object.values(counts) : names.map((name) => counts[name] ?? 0);
  return picked.reduce((total, count) => total + count, 0);
}

describe('an application, whatever happens to it,', () => {
  it('balances its books, settles every request, and keeps its bounds and its order', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (planned) => {
        const stage = new Stage(planned);
        await stage.perform();
        const { channels, workers } = stage.stats;
        const { in: input, out, failures } = channels;
        const actor = workers['Actor'];
        if (input === undefined || out === undefined || failures === undefined || actor === undefined)
          throw new Error('unseen');
        const left = { waiting: 0, aborted: 0 };
        for (const { from, kind, messages } of stage.leftovers)
          if (from === 'in' || from === 'Actor') left[kind] += messages.length;

        // put = accepted + refused + dropped at entry
        expect(input.accepted + input.refused + sum(input.drops, 'input-drop', 'buffer-drop')).toBe(stage.sent);
        // accepted = done + failed + aborted + lost + slid + expired + left over
        const failed = sum(actor.failed);
        const ended = actor.done + failed + actor.aborted + actor.lost;
        expect(ended + sum(input.drops, 'buffer-slide', 'expired') + left.waiting).toBe(input.accepted);
        expect(input.taken - ended).toBe(left.waiting - input.leftOver);
        // what the worker gave its output and its failures channel was accepted there or dropped there
        expect(out.accepted + sum(out.drops, 'output-drop')).toBe(stage.outputs);
        expect(failures.accepted + sum(failures.drops, 'failures-full')).toBe(failed + actor.lost);

        expect(stage.problems).toEqual([]);
        expect([actor.inFlight, actor.unsettled, input.depth, input.pendingPuts]).toEqual([0, 0, 0, 0]);

        if (!planned.isChecked) expect(stage.unanswered).toBe(0);
        // every command and every request settles once, and with an error of ours if with one
        expect(stage.answers.map(({ id }) => id).toSorted((a, b) => a - b)).toHaveLength(stage.promises.size);
        expect(new Set(stage.answers.map(({ id }) => id)).size).toBe(stage.promises.size);
        const foreign = stage.answers.filter(({ said }) => said instanceof Error && !(said instanceof WorkersError));
        expect(foreign.filter(({ said }) => (said as Error).message !== 'The caller gave up')).toEqual([]);

        // first put is first handled and nothing is handled twice, per key where there is one; a check may take until the next is put
        if (planned.isChecked) return;
        const lines = planned.isKeyed ? ['a', 'b', 'c'] : [undefined];
        for (const line of lines) {
          const ids = stage.entered.filter((job) => line === undefined || job.key === line).map(({ id }) => id);
          expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 200 },
    );
  });
});
