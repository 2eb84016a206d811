import type { Annex, Ledger, OwnTransaction } from './annex.js';
import type { DeadLetterReason } from './dead.letter.reason.js';
import type { Whereabouts } from './whereabouts.js';

/**
 * The store: where durable messages live. This is the contract that every store keeps, and the one word list for it.
 *
 * A message is in exactly one place at a time, and the place is its state:
 *
 * ```
 * append -> ready ----claim----> claimed --done----> (gone, or `finished` when its result is kept)
 *             ^ ^                  |  |  `--bury---> dead --retry--> ready, --discard--> (gone)
 *   delayed --' '----- release ----'  `---retry----> delayed
 * ```
 *
 * Promises, of every store:
 * - What `append` resolves with is committed, or lies in the caller's transaction and is committed with it.
 * - A claim belongs to one host. It is fenced by the pair of id and claim number: whatever is said of a claim that was taken over is a
 *   no-op and is told back as fenced.
 * - All times are read from the store's own clock.
 * - Within a channel the higher priority first, then the older; messages with a key only in their order, one at a time over all hosts.
 * - Each verb is one transaction: all of it happens or nothing.
 * - `attempt` counts claims; `release` gives one back. A host's death counts a crash on each of its claims.
 *
 * Does not promise: that a message runs once. At least once, never twice at the same time while its host keeps its seat.
 *
 * Invariant: a message that was appended and is in no place any more was settled as done, was discarded by a person, or expired.
 */
export interface Store {
  /** `postgres`, `sqlite`, `memory`: stands in errors and statistics. */
  readonly kind: string;
  /** What was done to the tables, and what is to be done. */
  readonly migrations: Migrations;
  /** Where messages rest that will not be tried again by themselves. */
  readonly deadLetters: DeadLetterStore;
  /** What a writer needs who has a transaction and not this store. Left out by a store that nobody else can write in. */
  readonly whereabouts?: Whereabouts;

  /**
   * Makes the store usable. With `migrate` it brings its tables up to date; without, it only looks. Harmless when it is open already.
   *
   * @throws StoreUnreachableError, StoreOutdatedError
   */
  open(options: { readonly migrate: boolean }): Promise<void>;
  /** Gives everything back that it made itself; what the user lent stays open. */
  close(): Promise<void>;
  /** A random name of this store's data, made at the first migration: two databases never give the same idempotency key. */
  installation(): Promise<string>;

  /**
   * Writes messages, in the order given. With `within` it writes inside that transaction or not at all, and runs its SQL before it
   * first awaits, so that a synchronous handle may be used inside a synchronous transaction.
   */
  append(messages: readonly NewMessage[], within?: Transaction): Promise<readonly Appended[]>;
  /** Such a writer is about to append these. Left out by a store to which that is no news. */
  expect?(messages: readonly NewMessage[]): void;
  /**
   * One transaction of the store's own, for packages that stand on it: committed when `work` has returned, taken back when it throws. When a
   * statement in it failed all of it is taken back, also when `work` has caught the error. It may be used as `within` of `append`.
   *
   * `work` is called again when the database undid what it did because of a neighbour, so it must do nothing but this. Where the handle is
   * synchronous, so must `work` be. Nobody is woken: whoever appended says `wake` afterwards.
   *
   * @throws StoreUnreachableError, WorkAsynchronousError, what `work` threw, or what the database said; nothing was written then
   */
  transact<T>(work: (transaction: OwnTransaction) => T | Promise<T>): Promise<T>;
  /** Room for the tables of another package, in the same schema or under the same prefix. */
  annex(ledger: Ledger): Annex;
  /** Tells the relays of all processes that something is there to claim. Says nothing where the store cannot; they poll anyway. */
  wake(channels: readonly string[]): Promise<void>;

  /** Takes a seat for a host that wants to claim. The host is alive for the others until it leaves or dies. */
  enroll(host: Host): Promise<Seat>;
  /** Claims at most `room` ready messages of each channel; none of them a suspect. */
  claim(seat: Seat, wanted: readonly Wanted[]): Promise<readonly Claimed[]>;
  /** Claims one suspect: a message that a host died with and that is to be run with nothing beside it. */
  claimSuspect(seat: Seat, channels: readonly string[]): Promise<Claimed | undefined>;
  /** Says what became of claims. Returns the ids of those that this host no longer held: nothing was written for them. */
  settle(seat: Seat, settlements: readonly Settlement[]): Promise<readonly number[]>;
  /** `settle`, then `claim`, in one transaction: one commit instead of two. */
  exchange(seat: Seat, settlements: readonly Settlement[], wanted: readonly Wanted[]): Promise<Exchanged>;
  /**
   * Puts in order what an answer that was lost on the way has left unclear: claims of this seat that are not among `held` go back and get
   * their attempt back. Returns how many did.
   */
  recount(seat: Seat, held: readonly number[]): Promise<number>;
  /** Makes ready what is due. */
  promote(channels: readonly string[]): Promise<Promoted>;
  /** Looks after the other hosts: takes the claims of dead ones over, makes them ready again as suspects and counts a crash. */
  takeOver(seat: Seat, channels: readonly string[], maxCrashes: number): Promise<TakenOver>;

  /** What is recorded of requests: an entry for each of `ids` whose outcome is known. */
  finished(ids: readonly number[]): Promise<readonly Finished[]>;
  /** Those of `ids` that may still come to an outcome by themselves: ready, delayed or claimed, by whatever host. */
  underWay(ids: readonly number[]): Promise<readonly number[]>;
  /** True for the first one that asks for this due time of this ticker, over all hosts. */
  tick(ticker: string, dueAtMs: number): Promise<boolean>;
  /**
   * Notes that no host is to claim from `channel` until it is resumed, and who wants it. Relays look after it and claim nothing there; the
   * store itself refuses nothing, and what is claimed already goes on. False when it is noted already: the first word stays.
   */
  pause(channel: string, by: string | null): Promise<boolean>;
  /** Takes that note away; false when there is none. */
  resume(channel: string): Promise<boolean>;
  /** The channels that are paused, in the order of their names. */
  paused(): Promise<readonly PausedChannel[]>;
  /** True when `key` is new: the inbox. Recorded in the caller's transaction; a promise only where that gives one. */
  once(key: string, within: Transaction): boolean | Promise<boolean>;
  /** Removes what has outlived its time, at most `limit` rows of each kind. */
  prune(limit: number, keep: Retention): Promise<Pruned>;
  /** What is ready on `channel` and next, at most `limit`, without claiming it. */
  peek(channel: string, limit: number): Promise<readonly StoredMessage[]>;
  /** What lies in each channel, also in channels that nobody here knows. */
  stats(): Promise<Readonly<Record<string, StoredStats>>>;
}

/** One transaction of the user's, as far as a store needs it: runs one statement with positional parameters and returns its rows. */
export interface Transaction {
  readonly dialect: string;
  /** A promise only where the handle is asynchronous. */
  run(sql: string, parameters: readonly unknown[]): Rows | Promise<Rows>;
  /**
   * Resolves when the transaction is over and may have been committed; rejects, or never settles, when it was rolled back. Left out where
   * that cannot be seen.
   */
  readonly committed?: Promise<unknown> | undefined;
  /**
   * Takes hold of this very transaction, for who has to wait for something before he writes. What it returns lets go, and says whether it
   * is still the one that is open: another one may be by then.
   *
   * @throws NotInTransactionError where none is open
   */
  readonly hold?: (() => () => boolean) | undefined;
  /** What its database knows this very transaction by, where messages are to lie in it or nowhere. Left out where that is certain. */
  readonly pin?: string | undefined;
}

export type Rows = readonly Readonly<Record<string, unknown>>[];

/** A message on its way into a store. */
export interface NewMessage {
  readonly channel: string;
  /** JSON text. */
  readonly payload: string;
  /** JSON text of a flat record; null for none. */
  readonly headers: string | null;
  /** Messages of one channel with one key run in order, one at a time. */
  readonly key: string | null;
  /** From -9 to 9; the higher is claimed first. Without effect on a message with a key. */
  readonly priority: number;
  /** Not before: from now, in milliseconds; or at a time, in milliseconds since 1970. Both null: at once. */
  readonly delayMs: number | null;
  readonly atMs: number | null;
  /** After this many milliseconds it is not worth running any more; null for never. */
  readonly expiresMs: number | null;
  /** Whether somebody waits for the outcome, so that it is to be recorded. */
  readonly wantsResult: boolean;
  /** While this key was used on this channel within the window, nothing is written. */
  readonly deduplicate: { readonly key: string; readonly windowMs: number } | null;
}

export interface Appended {
  /** Of the message, or of the one that is there already. */
  readonly id: number;
  readonly isDuplicate: boolean;
}

/** A process that claims. */
export interface Host {
  /** For people: host name and process id. */
  readonly name: string;
  /** Without a sign of life for this long, its claims are taken over even when nobody saw it die. */
  readonly leaseMs: number;
  /** Something may be there to claim, on these channels or on any. */
  readonly onWake: (channels: readonly string[] | undefined) => void;
  /** The outcome of a message that somebody waits for was recorded. */
  readonly onFinished: (id: number) => void;
  /** The seat is lost and so are its claims; they may run elsewhere from now on. Called once. */
  readonly onLost: (reason: Error) => void;
  /** Something went wrong that the store deals with by itself, such as a connection that is made anew. */
  readonly onFault: (error: unknown) => void;
}

/** The right of one host to claim. */
export interface Seat {
  readonly host: number;
  /** Renews the lease of everything that this host has claimed; false when the seat is lost. */
  extend(): Promise<boolean>;
  /** Leaves at once: claims that were not settled become ready again and get their attempt back. */
  leave(): Promise<void>;
}

export interface Wanted {
  readonly channel: string;
  /** How many more messages there is a place for. */
  readonly room: number;
}

/** A message as it was claimed. */
export interface Claimed {
  readonly id: number;
  /** Grows with each claim of this message; with the id it is the fencing token. */
  readonly claim: number;
  readonly channel: string;
  readonly payload: string;
  readonly headers: string | null;
  readonly key: string | null;
  /** How often it was claimed, this time included and given back attempts left out. */
  readonly attempt: number;
  /** How many hosts or isolates died with it. */
  readonly crashes: number;
  /** Milliseconds since 1970, on the store's clock. */
  readonly createdAtMs: number;
  /** How long it has been ready, as far as the store knows; since its creation or its due time. */
  readonly waitedMs: number;
  /** Its time was over before it was claimed. */
  readonly isExpired: boolean;
  readonly isSuspect: boolean;
  readonly wantsResult: boolean;
}

/** What became of one claim. */
export type Settlement = { readonly id: number; readonly claim: number } & (
  | {
      readonly type: 'done';
      /** Kept for `keepMs` (0: not at all), as JSON text; null for no value. */
      readonly result: string | null;
      readonly keepMs: number;
      /** Written in the same transaction, unless this claim was fenced out. */
      readonly routed: readonly NewMessage[];
    }
  | { readonly type: 'retry'; readonly afterMs: number; readonly failure: Failure; readonly isCrash: boolean }
  | {
      readonly type: 'bury';
      readonly reason: DeadLetterReason;
      readonly failure: Failure;
      readonly isCrash: boolean;
      /** Recorded for whoever waits, for `keepMs`. */
      readonly result: string | null;
      readonly keepMs: number;
    }
  /** It was not entered: ready again, attempt given back. */
  | { readonly type: 'release' }
  /** It was not worth running any more: removed. */
  | { readonly type: 'expire' }
);

/** One line of a message's history; the store adds its time. */
export interface Failure {
  readonly attempt: number;
  readonly kind: string;
  readonly message: string;
  readonly host: string;
}

export interface Exchanged {
  readonly fenced: readonly number[];
  readonly claimed: readonly Claimed[];
}

/** A channel that no host is to claim from. */
export interface PausedChannel {
  readonly channel: string;
  readonly sinceMs: number;
  readonly by: string | null;
}

export interface Promoted {
  readonly count: number;
  /** When the next one is due, from now; undefined when nothing is delayed. */
  readonly nextDueMs: number | undefined;
}

export interface TakenOver {
  /** Hosts that died since. */
  readonly hosts: readonly { readonly name: string; readonly claims: number }[];
  /** Messages that were buried because they had crashed `maxCrashes` times. */
  readonly buried: readonly { readonly id: number; readonly channel: string; readonly crashes: number }[];
  /** How many suspects wait in these channels, of whatever host. */
  readonly suspects: number;
}

export interface Finished {
  readonly id: number;
  readonly type: 'done' | 'dead';
  readonly result: string | null;
}

export interface Retention {
  /** How many finished rows each channel keeps at most; undefined for as many as their time allows. */
  readonly maxFinished: number | undefined;
}

export interface Pruned {
  readonly finished: number;
  readonly deduplications: number;
  readonly ticks: number;
  readonly once: number;
}

/** A message that is ready, as somebody sees it who does not claim it. */
export type StoredMessage = Pick<Claimed, 'id' | 'payload' | 'headers' | 'key' | 'attempt' | 'waitedMs'>;

/** What lies in one channel of a store. */
export interface StoredStats {
  readonly ready: number;
  readonly delayed: number;
  readonly claimed: number;
  readonly dead: number;
  readonly suspects: number;
  /** Of the oldest ready message; 0 when there is none. */
  readonly oldestReadyMs: number;
}

/** A message that will not be tried again until a person says so. */
export interface DeadLetter {
  readonly id: number;
  readonly channel: string;
  readonly payload: string;
  readonly headers: string | null;
  readonly key: string | null;
  readonly priority: number;
  readonly attempt: number;
  readonly crashes: number;
  readonly createdAtMs: number;
  readonly deadAtMs: number;
  readonly reason: DeadLetterReason;
  /** Its failures, the oldest first. */
  readonly history: readonly (Failure & { readonly atMs: number })[];
}

export interface DeadLetterQuery {
  readonly channel?: string;
  readonly ids?: readonly number[];
  readonly reason?: DeadLetterReason;
  /** Dead since or until, in milliseconds since 1970. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export interface DeadLetterStore {
  /** The latest first. `before` is the id of the last one of the page before. */
  find(
    query: DeadLetterQuery,
    page: { readonly limit: number; readonly before?: number },
  ): Promise<readonly DeadLetter[]>;
  count(query: DeadLetterQuery): Promise<number>;
  /** Makes those that are dead ready again, with a fresh count of attempts and crashes and the id they had; returns their ids. */
  retry(query: DeadLetterQuery): Promise<readonly number[]>;
  /** The same for one, with another payload; false when it is not dead. */
  retryWith(id: number, payload: string): Promise<boolean>;
  discard(query: DeadLetterQuery): Promise<readonly number[]>;
}

/** Numbered changes of the tables. */
export interface Migrations {
  /**
   * Those that this library knows, and those that a newer one has applied.
   *
   * @throws StoreTooNewError when one of them says that this library is too old for it
   */
  status(): Promise<
    readonly { readonly number: number; readonly name: string; readonly appliedAtMs: number | undefined }[]
  >;
  /** Applies what is missing, once over all processes that try at the same time; returns the names of what it did. */
  run(): Promise<readonly string[]>;
  /** The SQL of all of them, or of those from `after` up, for whoever applies it by hand. */
  sql(after?: number): string;
}
