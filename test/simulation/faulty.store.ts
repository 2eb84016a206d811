import { StoreUnreachableError } from '../../libs/outbox/src/store/store.errors.js';
import type { Annex, Ledger, OwnTransaction } from '../../libs/outbox/src/store/annex.js';
import type {
  Appended,
  Claimed,
  Exchanged,
  Host,
  NewMessage,
  Retention,
  Seat,
  Settlement,
  Store,
  Transaction,
  Wanted,
} from '../../libs/outbox/src/store/store.js';
import type { MemoryStore } from '../../libs/outbox/src/testing/memory.store.js';

/** What becomes of one call. */
export type Fate =
  | 'answered'
  /** It is not done, and the caller is told so. */
  | 'refused'
  /** It is done, and the caller is told that it may not be. */
  | 'answer lost'
  /** The host dies before it is done, or after. */
  | 'died before'
  | 'died after';

/** What the faulty store of one host needs of the simulation. */
export interface Wire {
  fate(verb: string): Fate;
  /** Something on its way between the host and its store. */
  later(what: string, happen: () => void): void;
  /** Whether a word of the store's reaches the host. */
  isWordHeard(): boolean;
  /** How often the host stood still so far: what was done before is no news after. */
  standstills(): number;
  die(): void;
  /** Told of what was done, at the moment when it was done. */
  readonly did: {
    enroll(seat: Seat): void;
    claim(claimed: readonly Claimed[]): void;
    settle(settlements: readonly Settlement[], fenced: readonly number[]): void;
    anything(): void;
  };
  /** Told of what the host learns, at the moment when it learns it. */
  readonly told: { claimed(claimed: readonly Claimed[]): void; seated(seat: Seat): void };
}

/** The mark on a payload that this store refuses to write for a reason of its own. */
export const UNWRITABLE = 'unwritable';

/** A store as seen over a bad line: the simulation decides when each call is done, when its answer comes, and whether. */
export class FaultyStore implements Store {
  readonly kind: string;
  readonly migrations: Store['migrations'];
  readonly deadLetters: Store['deadLetters'];
  private readonly seats = new WeakMap<Seat, Seat>();
  private sayLost: (reason: Error) => void = () => {};

  constructor(
    private readonly store: MemoryStore,
    private readonly wire: Wire,
  ) {
    this.kind = store.kind;
    this.migrations = store.migrations;
    this.deadLetters = store.deadLetters;
  }

  open(options: { readonly migrate: boolean }): Promise<void> {
    return this.store.open(options);
  }

  async close(): Promise<void> {}

  /** The line broke, which the other side takes for a death; this side is told as soon as a word of the store's reaches it. */
  disconnect(): void {
    this.sayLost(new Error('the line broke'));
  }

  installation(): Promise<string> {
    return Promise.resolve('simulation');
  }

  append(messages: readonly NewMessage[], within?: Transaction): Promise<readonly Appended[]> {
    return this.call('append', async () => {
      refuseUnwritable(messages);
      return this.store.append(messages, within);
    });
  }

  transact<T>(work: (transaction: OwnTransaction) => T | Promise<T>): Promise<T> {
    return this.call('transact', () => this.store.transact(work));
  }

  annex(ledger: Ledger): Annex {
    return this.store.annex(ledger);
  }

  wake(channels: readonly string[]): Promise<void> {
    return this.call('wake', () => this.store.wake(channels));
  }

  enroll(host: Host): Promise<Seat> {
    const { wire } = this;
    const heard =
      <A extends unknown[]>(what: string, say: (...about: A) => void) =>
      (...about: A): void => {
        if (wire.isWordHeard()) wire.later(`hears ${what}`, () => say(...about));
      };
    return this.call('enroll', async () => {
      this.sayLost = heard('lost', host.onLost);
      const real = await this.store.enroll({
        ...host,
        onWake: heard('wake', host.onWake),
        onFinished: heard('finished', host.onFinished),
        onLost: heard('lost', host.onLost),
        onFault: host.onFault,
      });
      wire.did.enroll(real);
      return this.seat(real);
    });
  }

  claim(seat: Seat, wanted: readonly Wanted[]): Promise<readonly Claimed[]> {
    return this.claiming(
      'claim',
      (claimed) => claimed,
      () => this.store.claim(this.real(seat), wanted),
    );
  }

  claimSuspect(seat: Seat, channels: readonly string[]): Promise<Claimed | undefined> {
    const listed = (claimed: Claimed | undefined): readonly Claimed[] => (claimed === undefined ? [] : [claimed]);
    return this.claiming('claimSuspect', listed, () => this.store.claimSuspect(this.real(seat), channels));
  }

  settle(seat: Seat, settlements: readonly Settlement[]): Promise<readonly number[]> {
    return this.call('settle', async () => {
      refuseUnwritable(routedBy(settlements));
      const fenced = await this.store.settle(this.real(seat), settlements);
      this.wire.did.settle(settlements, fenced);
      return fenced;
    });
  }

  exchange(seat: Seat, settlements: readonly Settlement[], wanted: readonly Wanted[]): Promise<Exchanged> {
    return this.claiming(
      'exchange',
      ({ claimed }) => claimed,
      async () => {
        refuseUnwritable(routedBy(settlements));
        const exchanged = await this.store.exchange(this.real(seat), settlements, wanted);
        this.wire.did.settle(settlements, exchanged.fenced);
        return exchanged;
      },
    );
  }

  recount(seat: Seat, held: readonly number[]): Promise<number> {
    return this.call('recount', () => this.store.recount(this.real(seat), held));
  }

  promote(channels: readonly string[]): ReturnType<Store['promote']> {
    return this.call('promote', () => this.store.promote(channels));
  }

  takeOver(seat: Seat, channels: readonly string[], maxCrashes: number): ReturnType<Store['takeOver']> {
    return this.call('takeOver', () => this.store.takeOver(this.real(seat), channels, maxCrashes));
  }

  finished(ids: readonly number[]): ReturnType<Store['finished']> {
    return this.call('finished', () => this.store.finished(ids));
  }

  underWay(ids: readonly number[]): ReturnType<Store['underWay']> {
    return this.call('underWay', () => this.store.underWay(ids));
  }

  tick(ticker: string, dueAtMs: number): Promise<boolean> {
    return this.store.tick(ticker, dueAtMs);
  }

  pause(channel: string, by: string | null): Promise<boolean> {
    return this.store.pause(channel, by);
  }

  resume(channel: string): Promise<boolean> {
    return this.store.resume(channel);
  }

  paused(): ReturnType<Store['paused']> {
    return this.store.paused();
  }

  once(key: string, within: Transaction): Promise<boolean> {
    return this.store.once(key, within);
  }

  prune(limit: number, keep: Retention): ReturnType<Store['prune']> {
    return this.call('prune', () => this.store.prune(limit, keep));
  }

  peek(channel: string, limit: number): ReturnType<Store['peek']> {
    return this.store.peek(channel, limit);
  }

  stats(): ReturnType<Store['stats']> {
    return this.call('stats', () => this.store.stats());
  }

  private seat(real: Seat): Seat {
    const { wire } = this;
    const seat: Seat = {
      host: real.host,
      extend: () => {
        let standstills = -1;
        const extend = (): Promise<boolean> => {
          standstills = wire.standstills();
          return real.extend();
        };
        return this.call('extend', extend, (isSeated) => {
          if (standstills === wire.standstills()) wire.told.seated(real);
          return isSeated;
        });
      },
      leave: () => this.call('leave', () => real.leave()),
    };
    this.seats.set(seat, real);
    return seat;
  }

  private real(seat: Seat): Seat {
    return this.seats.get(seat) as Seat;
  }

  private claiming<T>(verb: string, claimed: (answer: T) => readonly Claimed[], work: () => Promise<T>): Promise<T> {
    const done = async (): Promise<T> => {
      const answer = await work();
      this.wire.did.claim(claimed(answer));
      return answer;
    };
    return this.call(verb, done, (answer) => {
      this.wire.told.claimed(claimed(answer));
      return answer;
    });
  }

  private call<T>(verb: string, work: () => Promise<T>, learned: (answer: T) => T = (answer) => answer): Promise<T> {
    const { wire } = this;
    return new Promise((resolve, reject) => {
      const refuse = (): void => wire.later(`${verb} fails`, () => reject(unreachable(verb)));
      wire.later(`${verb} is asked`, () => {
        const fate = wire.fate(verb);
        if (fate === 'refused') return refuse();
        if (fate === 'died before') return wire.die();
        return void work().then(
          (answer) => {
            wire.did.anything();
            if (fate === 'died after') wire.die();
            else if (fate === 'answer lost') refuse();
            else wire.later(`${verb} answers`, () => resolve(learned(answer)));
          },
          (error: unknown) => wire.later(`${verb} throws`, () => reject(error)),
        );
      });
    });
  }
}

function unreachable(verb: string): StoreUnreachableError {
  return new StoreUnreachableError('memory', { cause: new Error(`${verb} was cut off`) });
}

function routedBy(settlements: readonly Settlement[]): readonly NewMessage[] {
  return settlements.flatMap((settlement) => (settlement.type === 'done' ? settlement.routed : []));
}

function refuseUnwritable(messages: readonly NewMessage[]): void {
  if (messages.some(({ payload }) => payload.includes(UNWRITABLE))) throw new TypeError('this cannot be written');
}
