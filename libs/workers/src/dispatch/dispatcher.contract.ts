import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Fault, thrownFault } from '../message/fault.js';
import { type Headers, Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
import { SystemClock } from '../lifecycle/clock.js';
import { Announcer } from '../observe/announcer.js';
import { turn, until } from '../testing/until.js';
import { type ContextHouse, HandlerContext, type WorkerContext } from '../worker/worker.context.js';
import type { Dispatcher, DispatchSite, Run } from './dispatcher.js';
import { type Behaviour, behave } from './fixtures/behaviour.js';

/** One dispatcher for all tests of a contract, where starting one takes long; it is stopped when they are over. */
export interface Costly {
  readonly isShared?: boolean;
}

/**
 * What every dispatcher promises, as tests: run it with `dispatcherContract('inline', (site) => ...)`. The handler that it
 * reaches must be `behave`; a dispatcher that runs handlers here gets it with its site.
 */
export function dispatcherContract(
  name: string,
  create: (site: DispatchSite) => Dispatcher,
  { isShared = false }: Costly = {},
): void {
  const one = (): Dispatcher =>
    create({
      name: 'Contracted',
      invoke: ({ payload }, context) => behave(payload as Behaviour, context as unknown as WorkerContext),
    });
  let shared: Dispatcher | undefined;

  /** A started dispatcher, stopped when the test is over, or when all are. */
  async function started(): Promise<Dispatcher> {
    if (shared !== undefined) return shared;
    const dispatcher = one();
    await dispatcher.start();
    if (isShared) shared = dispatcher;
    else onTestFinished(async () => dispatcher.stop(1_000));
    return dispatcher;
  }

  async function outcomeOf(behaviour: Behaviour, headers?: Headers): Promise<{ outcome: Outcome; run: TestRun }> {
    const dispatcher = await started();
    const run = new TestRun(behaviour, headers);
    run.begin(dispatcher);
    await until(() => run.outcomes.length > 0);
    await turn();
    expect(run.outcomes).toHaveLength(1);
    return { outcome: run.outcomes[0] as Outcome, run };
  }

  describe(`the ${name} dispatcher`, () => {
    afterAll(() => shared?.stop(5_000));

    describe.each([false, true])('(later: %s)', (later) => {
      it.each([42, 'text', '', 0, false, null, { a: [1, { b: null }] }])(
        'ends a run with the value %j',
        async (value) => {
          const { outcome } = await outcomeOf({ does: 'return', value, later });
          expect(outcome).toEqual({ type: 'done', value });
        },
      );

      it('ends a run with undefined when the handler returns nothing', async () => {
        const { outcome } = await outcomeOf({ does: 'return', later });
        expect(outcome).toEqual({ type: 'done', value: undefined });
      });

      it('ends a run with what the handler threw: name, message, code and cause', async () => {
        const { outcome } = await outcomeOf({ does: 'throw', thrown: 'an error', later });
        expect(outcome).toMatchObject({ type: 'failed', fault: { kind: 'handler_error', retryable: true } });
        const { error } = (outcome as Extract<Outcome, { type: 'failed' }>).fault;
        expect(error).toBeInstanceOf(Error);
        expect(error).toMatchObject({ name: 'RangeError', message: 'out of range', code: 'E_RANGE' });
        expect((error.cause as Error).message).toBe('the reason');
        expect(error.stack).toContain('out of range');
      });

      it('believes a handler that says its error is permanent', async () => {
        const { outcome } = await outcomeOf({ does: 'throw', thrown: 'a permanent error', later });
        expect(outcome).toMatchObject({ fault: { kind: 'handler_error', retryable: false } });
      });

      it.each(['a string', 'undefined', 'null', 'a hostile object'] as const)(
        'makes an error of %s',
        async (thrown) => {
          const { outcome } = await outcomeOf({ does: 'throw', thrown, later });
          expect(outcome).toMatchObject({ type: 'failed', fault: { kind: 'handler_error', retryable: true } });
          expect((outcome as Extract<Outcome, { type: 'failed' }>).fault.error).toBeInstanceOf(Error);
        },
      );
    });

    it('waits for a thenable', async () => {
      const { outcome } = await outcomeOf({ does: 'return a thenable', value: 7 });
      expect(outcome).toEqual({ type: 'done', value: 7 });
    });

    it('ends a run with an object that cannot be looked at, one way or the other', async () => {
      const { outcome } = await outcomeOf({ does: 'return a hostile object' });
      expect(['done', 'failed']).toContain(outcome.type);
    });

    it('gives the handler the id, the headers and the attempt of its message', async () => {
      const { outcome, run } = await outcomeOf({ does: 'tell' }, { tenant: 'a' });
      const value = { messageId: run.message.id, headers: { tenant: 'a' }, attempt: 1 };
      expect(outcome).toEqual({ type: 'done', value });
    });

    it('says once, and before the end, that the handler is entered', async () => {
      const { run } = await outcomeOf({ does: 'return', value: 1 });
      expect(run.told).toEqual(['entered', 'done']);
    });

    it('lets runs go side by side: one that waits holds up no other', async () => {
      const dispatcher = await started();
      const waiting = new TestRun({ does: 'wait for the signal' });
      const other = new TestRun({ does: 'return', value: 'other' });
      waiting.begin(dispatcher);
      other.begin(dispatcher);
      await until(() => other.outcomes.length > 0);
      expect(waiting.outcomes).toEqual([]);
      askToStop(dispatcher, waiting);
      await until(() => waiting.outcomes.length > 0);
    });

    it('brings the abort of the signal to the handler, with its reason', async () => {
      const dispatcher = await started();
      const run = new TestRun({ does: 'wait for the signal' });
      run.begin(dispatcher);
      await until(() => run.told.length > 0);
      askToStop(dispatcher, run);
      await until(() => run.outcomes.length > 0);
      expect(run.outcomes).toEqual([{ type: 'done', value: 'heard: enough' }]);
    });

    it('goes on after a run that was abandoned', async () => {
      const dispatcher = await started();
      const given = new TestRun({ does: 'wait for the signal' });
      given.begin(dispatcher);
      await until(() => given.told.length > 0);
      given.context.abort(new Error('enough'));
      dispatcher.abandon(given);
      const next = new TestRun({ does: 'return', value: 'next' });
      next.begin(dispatcher);
      await until(() => next.outcomes.length > 0);
      expect(next.outcomes).toEqual([{ type: 'done', value: 'next' }]);
    });

    it('runs a thousand, each to its own end', async () => {
      const dispatcher = await started();
      const runs = Array.from(
        { length: 1_000 },
        (_, value) => new TestRun({ does: 'return', value, later: value % 2 === 0 }),
      );
      for (const run of runs) run.begin(dispatcher);
      await until(() => runs.every(({ outcomes }) => outcomes.length === 1));
      expect(runs.map(({ outcomes: [outcome] }) => outcome)).toEqual(runs.map((_, value) => ({ type: 'done', value })));
    });

    it('stops twice', async () => {
      const dispatcher = one();
      await dispatcher.start();
      await dispatcher.stop(1_000);
      await dispatcher.stop(1_000);
    });
  });
}

/** As the runner does it: the signals of the runs that are here first. */
function askToStop(dispatcher: Dispatcher, run: TestRun): void {
  const reason = new Error('enough');
  run.context.abort(reason);
  dispatcher.askToStop(reason);
}

/** One run that notes what its dispatcher says. */
class TestRun implements Run {
  readonly message: Message;
  readonly context: HandlerContext;
  beganAt = 0;
  leftAt = 0;
  readonly outcomes: Outcome[] = [];
  readonly told: string[] = [];
  private isGivenUp = false;

  constructor(behaviour: Behaviour, headers?: Headers) {
    this.message = new Message(behaviour, 0, headers);
    this.context = new HandlerContext(HOUSE, this.message);
  }

  begin(dispatcher: Dispatcher): void {
    this.beganAt = performance.now();
    dispatcher.dispatch(this);
  }

  enteredElsewhere(): void {
    this.entered();
  }

  entered(): boolean {
    this.told.push('entered');
    return true;
  }

  end(outcome: Outcome): void {
    if (this.isGivenUp) return;
    this.told.push(outcome.type);
    this.outcomes.push(outcome);
  }

  giveUp(fault: Fault): void {
    this.context.abort(fault.error);
    this.end({ type: 'failed', fault });
    this.isGivenUp = true;
  }

  readonly fulfilled = (value: unknown): void => this.end({ type: 'done', value });

  readonly rejected = (thrown: unknown): void => this.end({ type: 'failed', fault: thrownFault(thrown) });
}

const HOUSE: ContextHouse = {
  info: { name: 'Contracted', in: 'given', out: undefined, concurrency: 1, timeoutMs: undefined },
  channels: {},
  logger: console,
  announcer: new Announcer(),
  clock: new SystemClock(),
  stats: () => {
    throw new Error('Not used here');
  },
};
