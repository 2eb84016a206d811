import { createHash } from 'node:crypto';
import type { PostgresConnection } from './pool.js';
import { type Life, type LifeEvents, SILENCE_MS } from './life.js';
import { PLAIN } from './plain.js';
import { StoreUnreachableError } from '../store/store.errors.js';

/** Between two tries to come back. */
const RETRY_MS = [0, 20, 50, 100, 200] as const;

/** Only those that this server knows; a half-open connection is noticed, by the server, in seconds and not in hours. */
const SETTINGS = `select set_config(s.name, s.value, false) from (values
  ('idle_session_timeout', '0'), ('statement_timeout', '0'), ('lock_timeout', '0'),
  ('tcp_keepalives_idle', '2'), ('tcp_keepalives_interval', '1'), ('tcp_keepalives_count', '3')
) s (name, value) where s.name in (select name from pg_settings)`;

/** One half of the hosts' locks: a number for the schema, which others that use such locks will hardly have. */
export const hostLockClass = (schema: string): number =>
  createHash('sha256').update(`nestjs-workers hosts ${schema}`).digest().readInt32BE(0);

export interface LockLifeOptions {
  /** A connection that nobody else uses. */
  readonly connect: () => PostgresConnection | Promise<PostgresConnection>;
  /** The two halves of the lock. */
  readonly lock: readonly [number, number];
  /** What it listens to. */
  readonly bell: string;
  /** True while the host's row is there. */
  readonly isKnown: (connection: PostgresConnection) => Promise<boolean>;
}

/**
 * A life that is a lock, held by the session of one connection, which also hears the bell: however the process ends, the server ends the
 * session and the lock is free at once.
 *
 * When the connection is cut while the process lives, it takes the lock again over a new one. The others wait for a second before they
 * take its absence for a death; after a second without the lock, this side does not count on them any more.
 */
export class LockLife implements Life {
  private state: 'new' | 'held' | 'cut' | 'over' = 'new';
  private connection: PostgresConnection | undefined;
  private deadline: NodeJS.Timeout | undefined;
  private heldSinceMs = 0;

  constructor(
    private readonly options: LockLifeOptions,
    private readonly events: LifeEvents,
  ) {}

  async begin(): Promise<void> {
    if (!(await this.open())) throw new Error(`The lock of host ${this.options.lock[1]} is taken.`);
    this.hold();
  }

  doubt(sinceMs: number): void {
    if (this.state === 'held' && this.heldSinceMs < sinceMs)
      this.cut(this.connection!, new Error('The server does not know the lock of this host.'));
  }

  async end(): Promise<void> {
    this.state = 'over';
    clearTimeout(this.deadline);
    await this.close(this.connection);
  }

  /** Connects, listens and takes the lock; false when another session has it. */
  private async open(): Promise<boolean> {
    const connection = await this.options.connect();
    connection.on('error', (error: Error) => this.cut(connection, error));
    connection.on('end', () => this.cut(connection, new Error('The connection has ended.')));
    connection.on('notification', ({ payload }: { readonly payload?: string }) => this.events.note(payload ?? ''));
    try {
      await connection.connect();
      await connection.query({ text: SETTINGS, types: PLAIN });
      await connection.query({ text: `listen "${this.options.bell}"` });
      const { rows } = await connection.query({
        text: 'select pg_try_advisory_lock($1::int, $2::int) as is_ours',
        values: this.options.lock,
        types: PLAIN,
      });
      if (rows[0]?.is_ours === true) {
        this.connection = connection;
        return true;
      }
    } catch (error) {
      await this.close(connection);
      throw error;
    }
    await this.close(connection);
    return false;
  }

  private cut(connection: PostgresConnection, reason: Error): void {
    if (this.state !== 'held' || connection !== this.connection) return;
    this.state = 'cut';
    this.connection = undefined;
    void this.close(connection);
    this.events.fault(new StoreUnreachableError('postgres', { cause: reason }));
    this.deadline = setTimeout(() => this.lose(new StoreUnreachableError('postgres', { cause: reason })), SILENCE_MS);
    void this.comeBack();
  }

  private async comeBack(): Promise<void> {
    for (let tries = 0; this.state === 'cut'; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]));
      try {
        if (await this.tryAgain()) return;
      } catch (error) {
        await this.close(this.connection);
        this.events.fault(new StoreUnreachableError('postgres', { cause: error }));
      }
    }
  }

  /** True when there is nothing more to try. */
  private async tryAgain(): Promise<boolean> {
    if (!(await this.open())) return false;
    const isKnown = await this.options.isKnown(this.connection!);
    if (this.state !== 'cut') await this.close(this.connection);
    else if (!isKnown) this.lose(new Error('The claims of this host were taken over.'));
    else {
      clearTimeout(this.deadline);
      this.hold();
      this.events.isBack();
    }
    return true;
  }

  private hold(): void {
    this.state = 'held';
    this.heldSinceMs = performance.now();
  }

  private lose(reason: Error): void {
    if (this.state === 'over') return;
    this.state = 'over';
    clearTimeout(this.deadline);
    void this.close(this.connection);
    this.events.isOver(reason);
  }

  /** However it ends: nobody waits for its last word. */
  private async close(connection: PostgresConnection | undefined): Promise<void> {
    await connection?.end().catch(() => {});
  }
}
