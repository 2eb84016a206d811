import { until } from '@nestjs-workers/core/testing';
import { expect, onTestFinished } from 'vitest';
import type {
  Claimed,
  DeadLetter,
  DeadLetterQuery,
  Failure,
  NewMessage,
  Seat,
  Settlement,
  Store,
  StoredStats,
  TakenOver,
  Transaction,
} from './store.js';

/** What a store needs to be tested. `fresh` gives data that no other test sees and in which nothing was ever made. */
export interface StoreHarness {
  fresh(): Promise<StoreBench>;
}

export interface StoreBench {
  /** Not opened yet: a test opens it. */
  readonly store: Store;
  /** Whether a transaction is run by a synchronous handle: then an append is not awaited before the commit. */
  readonly isSynchronous: boolean;
  /** Whether a host hears of what happens in another process. Left out, it need not. */
  readonly isHeardEverywhere?: boolean;
  /** A second store on the same data, as another process has one; not opened yet. */
  another(): Promise<Store>;
  /** A transaction that has begun. */
  transaction(): Promise<TestTransaction>;
  /** Time passes for the data: its clock is moved on, or all times in it are moved back. */
  elapse(ms: number): Promise<void>;
  /** The process of this seat dies without a word, and nothing is asked of its store again. The others find out by themselves. */
  killHost(seat: Seat): Promise<void>;
  /** Closes all stores it gave, and removes the data. */
  close(): Promise<void>;
}

export interface TestTransaction {
  readonly within: Transaction;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export const HOUR_MS = 3_600_000;

const NONE: StoredStats = { ready: 0, delayed: 0, claimed: 0, dead: 0, suspects: 0, oldestReadyMs: 0 };

/** A message on channel `a` that asks for nothing, but for what is said. */
export function message(said: Partial<NewMessage> = {}): NewMessage {
  return {
    channel: 'a',
    payload: '{}',
    headers: null,
    key: null,
    priority: 0,
    delayMs: null,
    atMs: null,
    expiresMs: null,
    wantsResult: false,
    deduplicate: null,
    ...said,
  };
}

/** One test of a store: opened, and closed when the test is over. */
export class Scene {
  private constructor(
    readonly bench: StoreBench,
    readonly store: Store,
  ) {}

  static async of(harness: StoreHarness): Promise<Scene> {
    const scene = await Scene.unopened(harness);
    await scene.store.open({ migrate: true });
    return scene;
  }

  static async unopened(harness: StoreHarness): Promise<Scene> {
    const bench = await harness.fresh();
    onTestFinished(() => bench.close());
    return new Scene(bench, bench.store);
  }

  /** The store of another process, opened. */
  async another(): Promise<Store> {
    const store = await this.bench.another();
    await store.open({ migrate: false });
    return store;
  }

  async host(said: { name?: string; leaseMs?: number; store?: Store } = {}): Promise<TestHost> {
    const { name = 'one', leaseMs = 24 * HOUR_MS, store = this.store } = said;
    const heard: Heard = { woken: [], finished: [], lost: [], faults: [] };
    const seat = await store.enroll({
      name,
      leaseMs,
      onWake: (channels) => void heard.woken.push(channels),
      onFinished: (id) => void heard.finished.push(id),
      onLost: (reason) => void heard.lost.push(reason),
      onFault: (error) => void heard.faults.push(error),
    });
    return new TestHost(store, seat, heard);
  }

  /** Two hosts, each in a process of its own: the first in one that may be killed, the second in that of this scene. */
  async hosts(leaseMs?: number): Promise<[TestHost, TestHost]> {
    const lease = leaseMs === undefined ? {} : { leaseMs };
    return [
      await this.host({ name: 'one', ...lease, store: await this.another() }),
      await this.host({ name: 'two', ...lease }),
    ];
  }

  /** Appends messages that are all new; returns their ids. */
  async append(...said: Partial<NewMessage>[]): Promise<number[]> {
    const appended = await this.store.append(said.map((one) => message(one)));
    expect(appended.map(({ isDuplicate }) => isDuplicate)).toEqual(said.map(() => false));
    return appended.map(({ id }) => id);
  }

  async appendOne(said: Partial<NewMessage> = {}): Promise<number> {
    const [id] = await this.append(said);
    return id as number;
  }

  /** Time passes, and what fell due is made ready. */
  async pass(ms: number): Promise<void> {
    await this.bench.elapse(ms);
    await this.store.promote(['a', 'b']);
  }

  async stats(channel = 'a'): Promise<StoredStats> {
    return (await this.store.stats())[channel] ?? NONE;
  }

  /** How many messages lie in each place of a channel: `{ ready: 1 }`. */
  async places(channel = 'a'): Promise<Partial<Record<'ready' | 'delayed' | 'claimed' | 'dead', number>>> {
    const { ready, delayed, claimed, dead } = await this.stats(channel);
    return Object.fromEntries(Object.entries({ ready, delayed, claimed, dead }).filter(([, count]) => count > 0));
  }

  async dead(query: DeadLetterQuery = {}): Promise<readonly DeadLetter[]> {
    return this.store.deadLetters.find(query, { limit: 1_000 });
  }

  /** The one letter there is. */
  async letter(): Promise<DeadLetter> {
    const letters = await this.dead();
    expect(letters).toHaveLength(1);
    return letters[0] as DeadLetter;
  }
}

interface Heard {
  readonly woken: (readonly string[] | undefined)[];
  readonly finished: number[];
  readonly lost: Error[];
  readonly faults: unknown[];
}

/** A host that claims and settles as a relay does. */
export class TestHost {
  constructor(
    readonly store: Store,
    readonly seat: Seat,
    readonly heard: Heard,
  ) {}

  async claim(room = 100, channel = 'a'): Promise<readonly Claimed[]> {
    return this.store.claim(this.seat, [{ channel, room }]);
  }

  /** Claims one; there is one. */
  async claimOne(channel = 'a'): Promise<Claimed> {
    const [claimed, ...others] = await this.claim(1, channel);
    expect(others).toEqual([]);
    expect(claimed).toBeDefined();
    return claimed as Claimed;
  }

  async claimSuspect(channels: readonly string[] = ['a']): Promise<Claimed> {
    const claimed = await this.store.claimSuspect(this.seat, channels);
    expect(claimed).toMatchObject({ isSuspect: true });
    return claimed as Claimed;
  }

  /** Settles claims that are held. */
  async settle(...settlements: Settlement[]): Promise<void> {
    expect(await this.store.settle(this.seat, settlements)).toEqual([]);
  }

  /** Looks after the others until one is found dead. */
  async takeOver(channels: readonly string[] = ['a'], maxCrashes = 3): Promise<TakenOver> {
    let report: TakenOver | undefined;
    await until(
      async () => {
        report = await this.store.takeOver(this.seat, channels, maxCrashes);
        return report.hosts.length > 0;
      },
      '4s',
      () => 'a host to be found dead',
    );
    return report as TakenOver;
  }
}

export type Claim = Pick<Claimed, 'id' | 'claim'>;
type Of<T extends Settlement['type']> = Partial<Extract<Settlement, { type: T }>>;

export const failure: Failure = { attempt: 1, kind: 'handler_error', message: 'It did not work.', host: 'one' };

export function done({ id, claim }: Claim, said: Of<'done'> = {}): Settlement {
  return { id, claim, type: 'done', result: null, keepMs: 0, routed: [], ...said };
}

export function retry({ id, claim }: Claim, afterMs = 1_000, said: Of<'retry'> = {}): Settlement {
  return { id, claim, type: 'retry', afterMs, failure, isCrash: false, ...said };
}

export function bury({ id, claim }: Claim, said: Of<'bury'> = {}): Settlement {
  return { id, claim, type: 'bury', reason: 'permanent', failure, isCrash: false, result: null, keepMs: 0, ...said };
}

export function release({ id, claim }: Claim): Settlement {
  return { id, claim, type: 'release' };
}

export function expire({ id, claim }: Claim): Settlement {
  return { id, claim, type: 'expire' };
}

export function idsOf(messages: readonly { readonly id: number }[]): number[] {
  return messages.map(({ id }) => id);
}

/** In the order of their numbers; for what has no order of its own. */
export function sorted(ids: readonly number[]): number[] {
  return ids.toSorted((one, other) => one - other);
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
