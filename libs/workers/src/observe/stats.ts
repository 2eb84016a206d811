import type { FaultKind } from '../message/fault.js';
import type { DropReason } from './events.js';
import type { Percentiles } from './histogram.js';

/** A plain snapshot of everything, by name: safe to log, to send and to keep. */
export interface WorkersStats {
  readonly state: 'idle' | 'starting' | 'running' | 'draining' | 'stopped';
  readonly channels: Readonly<Record<string, ChannelStats>>;
  readonly workers: Readonly<Record<string, WorkerStats>>;
  readonly tickers: Readonly<Record<string, TickerStats>>;
  /** What fetches durable messages from its store, by the name of the relay; none in an application without. */
  readonly relays: Readonly<Record<string, RelayStats>>;
}

/** A relay, as plain numbers. */
export interface RelayStats {
  /** `postgres`, `sqlite`, `memory`. */
  readonly store: string;
  /** `claiming` with a seat; `unreachable` while the store does not answer, `lost` while it has no seat. */
  readonly state: 'idle' | 'claiming' | 'unreachable' | 'lost' | 'stopped';
  /** Since it last looked after its store, whatever that came to: it looks several times a second. */
  readonly sinceLookMs: number;
  /** Since the store last answered. */
  readonly sinceAnswerMs: number;
}

/** What a channel has seen, as plain numbers. `put = accepted + refused + the drops on entry`. */
export interface ChannelStats {
  /** Messages in the buffer. */
  readonly depth: number;
  /** The bound of `depth`; `Number.MAX_SAFE_INTEGER` where there is none. */
  readonly capacity: number;
  /** Puts that wait for room. */
  readonly pendingPuts: number;
  /** The bound of `pendingPuts`; `Number.MAX_SAFE_INTEGER` where there is none. */
  readonly maxPendingPuts: number;
  readonly accepted: number;
  /** Refused with an error: overflow, closed, invalid payload, shed, or a sender that stopped waiting. */
  readonly refused: number;
  readonly taken: number;
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
  /** Taken out by a stop before anyone took them. */
  readonly leftOver: number;
  readonly oldestAgeMs: number;
  readonly isSaturated: boolean;
  /** Nothing is taken until it is resumed. Of a durable channel: when it was last looked at. */
  readonly isPaused: boolean;
  /** What lay in the store when it was last looked at, over all hosts; only of a durable channel. */
  readonly stored?: Readonly<Record<string, number>>;
}

/** What a worker has done, as plain numbers. `taken = done + failed + aborted + lost + leftOver + inFlight`. */
export interface WorkerStats {
  readonly state: WorkerState;
  /** Permits in use: messages taken whose outcome is not recorded. */
  readonly inFlight: number;
  /** The bound of `inFlight`. */
  readonly concurrency: number;
  /** Outcomes whose settling is under way. */
  readonly unsettled: number;
  /** The bound of `unsettled`: nothing new is taken while it is reached. */
  readonly maxUnsettled: number;
  readonly done: number;
  readonly failed: Readonly<Partial<Record<FaultKind, number>>>;
  readonly aborted: number;
  readonly lost: number;
  /** Taken and not started when the application stopped. */
  readonly leftOver: number;
  /** From put to the handler's start. */
  readonly waitMs: Percentiles;
  /** From the handler's start to its outcome. */
  readonly runMs: Percentiles;
  /** The threads or processes its handler runs in; none for `inline`. */
  readonly isolates: readonly IsolateStats[];
  /** How many isolates have died, or could not start, since the start; undefined for `inline`. */
  readonly isolateDeaths?: number | undefined;
  /** Whether its isolates only die: none lives that could take a message, and what comes is refused; undefined for `inline`. */
  readonly isCrashLooping?: boolean | undefined;
}

/** `idle` until started; `running`; `paused`; `stopped`, and it never goes back; `elsewhere` where `run` leaves it to other processes. */
export type WorkerState = 'idle' | 'running' | 'paused' | 'stopped' | 'elsewhere';

/** One thread or child process, as plain numbers. */
export interface IsolateStats {
  readonly name: string;
  /** `thread` or `process`. */
  readonly kind: string;
  /** The thread's or the process's number. */
  readonly pid: number | undefined;
  readonly state: 'starting' | 'idle' | 'busy' | 'leaving' | 'dead';
  /** Messages it holds; those its handlers are in included. */
  readonly load: number;
  /** Messages whose handler it has finished. */
  readonly handled: number;
  /** How many of its pool had died before it was started. */
  readonly restarts: number;
  /** As it said itself the last time it was asked, in MB. */
  readonly heapMb: number;
  readonly rssMb: number;
}

/**
 * What a ticker has done, as plain numbers. Every tick that was due is in `ticks` or in `skipped`, and
 * `ticks = done + failed + aborted + inFlight + queued + leftOver`.
 */
export interface TickerStats {
  readonly state: TickerState;
  /** Ticks handed on. */
  readonly ticks: number;
  /** Ticks left out, because of `overlap` or of a late event loop. */
  readonly skipped: number;
  readonly done: number;
  /** Ticks whose handler threw, ran out of time or was lost. */
  readonly failed: number;
  readonly aborted: number;
  /** How long after it was due the latest tick was handed on. It does not add up over the ticks. */
  readonly driftMs: number;
  readonly inFlight: number;
  /** The bound of `inFlight`. */
  readonly concurrency: number;
  /** Ticks that wait for the one before. */
  readonly queued: number;
  /** The bound of `queued`. */
  readonly maxQueued: number;
  /** Taken out by a stop before their handler was entered. */
  readonly leftOver: number;
  /** From the handler's start to its outcome. */
  readonly runMs: Percentiles;
  /** The threads or processes it ticks in; none for `inline`. */
  readonly isolates: readonly IsolateStats[];
}

/** `disabled` by its options for good; otherwise as of a worker. */
export type TickerState = 'disabled' | WorkerState;
