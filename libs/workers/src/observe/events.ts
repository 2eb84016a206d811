import type { FaultKind } from '../message/fault.js';

/** Why a message was dropped; the closed list of law 8. */
export const DROP_REASONS = [
  'input-drop',
  'buffer-drop',
  'buffer-slide',
  'output-drop',
  'ticker-output-drop',
  'failures-full',
  'expired',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** What a person can do to workers and channels while they run; the closed list. `worker` stands for a ticker as well. */
export const ACTIONS = ['pause', 'resume', 'concurrency', 'drain', 'peek', 'retry', 'edit', 'discard'] as const;
export type ActionName = (typeof ACTIONS)[number];

/** What events about one message have in common. `payload` is what the `redact` option makes of it; left out by default. */
interface AboutMessage {
  readonly messageId: string;
  readonly payload?: unknown;
}

interface AboutRun extends AboutMessage {
  readonly worker: string;
  readonly channel: string | undefined;
  readonly attempt: number;
  readonly waitMs: number;
}

interface AboutFault extends AboutRun {
  readonly kind: FaultKind;
  readonly retryable: boolean;
  readonly error: Error;
  readonly runMs: number;
  /** Whether somebody waited for an answer, and so learns of it. */
  readonly hasCaller: boolean;
}

/**
 * Everything the library tells its observers, by name. The list is closed: docs/vocabulary.md has the same names, and a test
 * compares them. Each is published to `WorkersEvents.events$`, to the `observer` option and to the `node:diagnostics_channel`
 * of the same name.
 */
export interface WorkersEventMap {
  /** A channel took a message in. */
  'workers.accepted': AboutMessage & { readonly channel: string };
  /** A message was lost on purpose, and why. */
  'workers.drop': AboutMessage & { readonly channel: string; readonly reason: DropReason };
  /** A handler is about to be entered. */
  'workers.started': AboutRun;
  /** A handler returned, and the delivery is settled. */
  'workers.completed': AboutRun & { readonly runMs: number };
  /** A message failed or was lost, and that is settled. */
  'workers.error': AboutFault;
  /** The same for a handler that ran out of time; follows its `workers.error`. */
  'workers.timeout': AboutFault;
  /** A handler was told to stop and is not waited for; settled. */
  'workers.aborted': AboutFault;
  /** A handler held the event loop for longer than `guardMs`. */
  'workers.blocked': {
    readonly worker: string | undefined;
    readonly messageId: string | undefined;
    readonly blockedMs: number;
    readonly location: string | undefined;
    readonly stack: readonly string[];
  };
  /** A handler answered or returned after its outcome was recorded; ignored. */
  'workers.late': { readonly worker: string; readonly messageId: string; readonly what: 'result' | 'reply' };
  /** A ticker came due and its tick was handed on. */
  'workers.tick': { readonly ticker: string; readonly sequence: number; readonly driftMs: number };
  /** A ticker came due and was not run: the last tick still ran, or the event loop was late. */
  'workers.tick-skipped': { readonly ticker: string; readonly sequence: number; readonly count: number };
  /** A channel became 80 % full, or eased again. */
  'workers.saturation': LoadChange & { readonly depth: number; readonly capacity: number };
  /** The oldest message of a channel has waited for more than 10 s, or that is over. */
  'workers.starvation': LoadChange & { readonly oldestAgeMs: number };
  /** A thread or child process is warm and takes messages. */
  'workers.isolate-ready': AboutIsolate & { readonly startMs: number; readonly restarts: number };
  /** A thread or child process has ended: closed by its pool, or crashed. */
  'workers.isolate-ended': AboutIsolate & {
    readonly why: string;
    readonly isCrash: boolean;
    /** What the system says: `exit code 0`, `signal SIGKILL`. */
    readonly ending: string;
    readonly handled: number;
  };
  /** A durable message failed and will be tried again; follows its `workers.error`. */
  'workers.retry': AboutRun & { readonly retryInMs: number; readonly error: Error };
  /** A durable message will not be tried again until a person says so: it is a dead letter now. */
  'workers.buried': AboutMessage & {
    readonly channel: string;
    readonly attempt: number;
    /** One of the outbox's `DEAD_LETTER_REASONS`. */
    readonly reason: string;
    readonly error: Error | undefined;
  };
  /** Another host died, and its claims were taken over. */
  'workers.taken-over': { readonly host: string; readonly claims: number };
  /** A store holds messages of channels that no worker of this application takes from. */
  'workers.orphans': { readonly store: string; readonly channels: Readonly<Record<string, number>> };
  /** A relay began or ceased to claim, or lost what it had claimed. */
  'workers.relay': {
    readonly store: string;
    readonly state: 'claiming' | 'unreachable' | 'lost' | 'stopped';
    readonly error: Error | undefined;
  };
  /** An input of a workflow was decided, and what was decided is committed. */
  'workers.decided': {
    readonly workflow: string;
    readonly instance: string;
    /** `timer-gone`: the timer was cancelled or set again meanwhile. `repeated`: the input had been decided before. */
    readonly outcome: 'accepted' | 'rejected' | 'already-completed' | 'timer-gone' | 'repeated';
    /** Who gave the input: a caller, who learns of the outcome; its channel, with what an effect returned or somebody sent; a timer. */
    readonly from: 'caller' | 'channel' | 'timer';
    /** How many events were appended. */
    readonly events: number;
    readonly version: number;
    /** Why it was rejected. */
    readonly reason: unknown;
  };
  /** The application's workers take messages from now on. */
  'workers.running': { readonly workers: readonly string[]; readonly tickers: readonly string[] };
  /** The application's workers have stopped; what was left, by channel or worker. */
  'workers.stopped': { readonly tookMs: number; readonly leftovers: Readonly<Record<string, number>> };
  /** Something that is not a handler failed: a settle, a subscriber, an `error()` on a channel, an observer. */
  'workers.fault': { readonly source: string; readonly error: Error };
  /** Somebody intervened, and it takes effect here: what was done, to which worker or channel, and by whom, as far as that was said. */
  'workers.action': {
    readonly action: ActionName;
    readonly worker: string | undefined;
    readonly channel: string | undefined;
    readonly actor: string | undefined;
    /** What belongs to the action: a number, ids. No payload. */
    readonly detail: Readonly<Record<string, unknown>>;
  };
  /** What a handler said with `context.emit`. */
  'workers.custom': {
    readonly worker: string;
    readonly messageId: string;
    readonly said: string;
    readonly data: unknown;
  };
}

interface AboutIsolate {
  readonly worker: string;
  readonly isolate: string;
  readonly kind: string;
}

interface LoadChange {
  readonly channel: string;
  readonly state: 'entered' | 'left';
}

export type WorkersEventName = keyof WorkersEventMap;

/** One event: its fields and its `name` to narrow by. */
export type WorkersEvent = { [N in WorkersEventName]: { readonly name: N } & WorkersEventMap[N] }[WorkersEventName];

export const EVENT_NAMES = [
  'workers.accepted',
  'workers.drop',
  'workers.started',
  'workers.completed',
  'workers.error',
  'workers.timeout',
  'workers.aborted',
  'workers.blocked',
  'workers.late',
  'workers.tick',
  'workers.tick-skipped',
  'workers.saturation',
  'workers.starvation',
  'workers.isolate-ready',
  'workers.isolate-ended',
  'workers.retry',
  'workers.buried',
  'workers.taken-over',
  'workers.orphans',
  'workers.relay',
  'workers.decided',
  'workers.running',
  'workers.stopped',
  'workers.fault',
  'workers.action',
  'workers.custom',
] as const satisfies readonly WorkersEventName[];
