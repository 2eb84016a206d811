import type { Host, Seat } from '../store/store.js';
import { StoreUnreachableError } from '../store/store.errors.js';
import type { Database, Runner } from './database.js';
import { Holdings } from './holdings.js';
import type { Life, LifeEvents } from './life.js';
import type { Row } from './pool.js';
import { claimsOf, release } from './settle.js';
import { asNumber, statement } from './statement.js';
import { claimsOfHost, removeHost } from './take.over.js';

/** A number that no living host has. */
export const drawHost = statement(
  'draw_host',
  (schema) => `select nextval('${schema.replaceAll("'", "''")}.host_id')::int as id`,
);

/** $1 the host, $2 its name, $3 its lease, $4 for how long a heartbeat counts; null for none. */
export const insertHost = statement(
  'insert_host',
  (schema) => `
    insert into ${schema}.host (id, name, since, lease_until, beats_until)
    values ($1, $2, statement_timestamp(), statement_timestamp() + $3::float8 * interval '1 millisecond',
      statement_timestamp() + $4::float8 * interval '1 millisecond')`,
);

export const isHost = statement('is_host', (schema) => `select id from ${schema}.host where id = $1`);

const extendLease = statement(
  'extend_lease',
  (schema) => `
    update ${schema}.host set lease_until = statement_timestamp() + $2::float8 * interval '1 millisecond' where id = $1 returning id`,
);

export const beatHost = statement(
  'beat_host',
  (schema) => `
    update ${schema}.host set beats_until = statement_timestamp() + $2::float8 * interval '1 millisecond' where id = $1 returning id`,
);

/** $1 the host. Waits for the claims of it that are under way, even those of a connection that is broken on our side; and no new one begins. */
const holdHost = statement('hold_host', (schema) => `select id from ${schema}.host where id = $1 for update`);

export interface PostgresSeatOptions {
  readonly id: number;
  readonly host: Host;
  readonly database: Database;
  /** Called when it does not count any more. */
  readonly onGone: (seat: PostgresSeat) => void;
  /** Messages that are ready again because this host gave them back. */
  readonly onReleased: (rows: readonly Row[]) => void;
}

/**
 * The right of one host to claim: a row that all its claims refer to, and a life that the others watch.
 *
 * Promises: `onLost` is called once, and before anybody else runs what this host holds, as far as clocks can tell. After it, or after
 * `leave`, nothing is claimed.
 */
export class PostgresSeat implements Seat {
  readonly holdings: Holdings;
  private state: 'seated' | 'lost' | 'left' = 'seated';
  private leaseUntilMs: number;
  private life: Life | undefined;

  constructor(private readonly options: PostgresSeatOptions) {
    this.holdings = new Holdings(
      async () => void (await this.giveBackUnless(({ id, claim }) => this.holdings.has(id, claim))),
    );
    this.leaseUntilMs = performance.now() + options.host.leaseMs;
  }

  get host(): number {
    return this.options.id;
  }

  get told(): Host {
    return this.options.host;
  }

  get isSeated(): boolean {
    return this.state === 'seated';
  }

  /** What a life tells its seat. */
  events(onNote: LifeEvents['note']): LifeEvents {
    return {
      isOver: (reason) => this.lose(reason),
      note: onNote,
      isBack: () => this.told.onWake(undefined),
      fault: (error) => this.told.onFault(error),
    };
  }

  async live(life: Life): Promise<void> {
    this.life = life;
    await life.begin();
  }

  async extend(): Promise<boolean> {
    if (!this.isSeated) return false;
    const askedMs = performance.now();
    try {
      const { leaseMs } = this.told;
      const rows = await this.options.database.run(extendLease, [this.host, leaseMs]);
      if (rows.length > 0) this.leaseUntilMs = askedMs + leaseMs;
      else this.lose(new Error('The claims of this host were taken over.'));
    } catch (error) {
      if (performance.now() < this.leaseUntilMs) throw error;
      this.lose(new StoreUnreachableError('postgres', { cause: error }));
    }
    return this.isSeated;
  }

  /** What an observer saw of this host, when it began to look. */
  observe(sawMs: number, seen: { readonly isThere: boolean; readonly isSilent: boolean }): void {
    if (!seen.isThere) this.lose(new Error('The claims of this host were taken over.'));
    else if (seen.isSilent) this.life?.doubt(sawMs);
  }

  async leave(): Promise<void> {
    if (this.state === 'left') return;
    this.state = 'left';
    this.options.onGone(this);
    try {
      await this.holdings.rest();
      await this.options.database
        .transact(async (transaction) => {
          await transaction.run(holdHost, [this.host]);
          const { isSure, all } = this.holdings;
          const released = await this.giveBack(transaction, isSure ? all : await this.claims(transaction));
          await transaction.run(removeHost, [this.host]);
          return released;
        })
        .then(this.options.onReleased);
    } finally {
      await this.life?.end();
    }
  }

  private lose(reason: Error): void {
    if (!this.isSeated) return;
    this.state = 'lost';
    this.options.onGone(this);
    void this.life?.end();
    this.told.onLost(reason);
  }

  /** Gives back the claims that are not among `held`; returns how many. */
  async recount(held: readonly number[]): Promise<number> {
    if (!this.isSeated) return 0;
    const known = new Set(held);
    return this.holdings.change(() => this.giveBackUnless(({ id }) => known.has(id)));
  }

  private async giveBackUnless(isKnown: (claim: Holdings['all'][number]) => boolean): Promise<number> {
    const released = await this.options.database.transact(async (transaction) => {
      await transaction.run(holdHost, [this.host]);
      const strays = (await this.claims(transaction)).filter((claim) => !isKnown(claim));
      const rows = await this.giveBack(transaction, strays);
      this.holdings.drop(strays);
      return rows;
    });
    this.options.onReleased(released);
    return released.length;
  }

  private async claims(runner: Runner): Promise<Holdings['all']> {
    const rows = await runner.run(claimsOfHost, [this.host]);
    return rows.map(({ id, claims }) => ({ id: asNumber(id), claim: asNumber(claims) }));
  }

  private async giveBack(runner: Runner, claims: Holdings['all']): Promise<readonly Row[]> {
    return claims.length === 0 ? [] : runner.run(release, [...claimsOf(claims), this.host]);
  }
}
