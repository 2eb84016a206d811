import type { Inside } from '../lifecycle/inside.js';
import type { Fault } from '../message/fault.js';
import type { Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
import type { IsolateStats } from '../observe/stats.js';
import type { Elsewhere } from './elsewhere.js';

/**
 * Where a handler runs: here (`inline`), in a thread, in a process. One interface, one contract test, several implementations.
 *
 * A dispatcher is started before its first run and stopped after its last. It knows nothing of channels, permits or statistics.
 *
 * Promises: every run given to `dispatch` ends in exactly one outcome, whatever the handler or its isolate does; nothing is thrown.
 * Does not promise: that a handler which ignores its signal stops. An isolate can be terminated; inline code cannot.
 */
export interface Dispatcher {
  /** Makes ready, and proves that the handler can be reached. Rejects when it cannot; the application then does not start. */
  start(): Promise<void> | void;
  /** Runs one handler and ends `run` with what it came to. */
  dispatch(run: Run): void;
  /** Told that nobody waits for `run` any longer: its signal is aborted and its outcome recorded. */
  abandon(run: Run): void;
  /** Told that everything under way shall come to an end; the signals of runs that are here have been aborted. */
  askToStop(reason: Error): void;
  /** Gives everything back, within `limitMs` where that can take time. Runs still under way have been abandoned before. */
  stop(limitMs: number): Promise<void> | void;
  /** The threads or processes it runs handlers in. */
  isolates(): readonly IsolateStats[];
  /** How many of them have died, or could not start, since the start; left out where there are none. */
  isolateDeaths?(): number;
  /** Whether they only die, so that what comes is refused; left out where there are none. */
  isCrashLooping?(): boolean;
}

/** One message on its way through a handler, as a dispatcher sees it. */
export interface Run {
  readonly message: Message;
  readonly context: RunContext;
  /** `performance.now()` when the run began. */
  readonly beganAt: number;
  /** `performance.now()` when the handler came back to the event loop; set by the dispatcher, spares a reading. */
  leftAt: number;
  /** The handler is to be entered now: its timeout starts to count. False when whoever was told of that has ended the run. */
  entered(): boolean;
  /** The same, told later than `dispatch`: a handler elsewhere is entered now. May be told again when it is tried again. */
  enteredElsewhere(): void;
  /** Records the outcome; the first one counts, a later one is reported as late and ignored. */
  end(outcome: Outcome): void;
  /** Records a failure of a handler that may still be running: its signal is aborted, and what it comes back with is late. */
  giveUp(fault: Fault): void;
  /**
   * The same as `end` with `done` for a handler that took its time; bound, so that a promise needs no closure per message. Handlers that
   * come back in one microtask round share one reading of the clock.
   */
  readonly fulfilled: (value: unknown) => void;
  /** The same as `end` with what was thrown, bound. */
  readonly rejected: (thrown: unknown) => void;
}

/** What a dispatcher needs of the handler's context; the handler sees a `WorkerContext`. */
export interface RunContext {
  /** Identifies the run inside this process; for the guard. */
  readonly runId: number;
  readonly signal: AbortSignal;
  /** Why `signal` is aborted; undefined while it is not. Unlike `signal` it costs nothing to ask. */
  readonly abortReason: Error | undefined;
}

/** Calls the handler with everything that belongs around it: interceptors, enhancers, scope; inside `within`, where that is given. */
export type Invoke = (message: Message, context: RunContext, within?: Inside) => unknown;

/** What a dispatcher is made for. */
export interface DispatchSite {
  /** The worker's or ticker's name, for errors and reports. */
  readonly name: string;
  readonly invoke: Invoke;
  /** For dispatchers that run the handler elsewhere. */
  readonly elsewhere?: Elsewhere;
}

/** A choice of dispatcher: `'inline'`, or what a function like `inThread()` returns. */
export interface DispatchPlan {
  /** Named in statistics and errors. */
  readonly kind: string;
  create(site: DispatchSite): Dispatcher;
  /** How many messages it is given at a time where the worker says nothing of it. @default 1 */
  readonly permits?: number;
  /** Adds what is wrong with its options to `problems`; `defaults` is what the module says for all isolates. */
  check?(where: string, defaults: object, problems: string[]): void;
  /** Whether handlers run in another thread or process, and the host has no instance of their class. */
  readonly isElsewhere?: boolean;
}
