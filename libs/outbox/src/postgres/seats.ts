import type { Host, Seat } from '../store/store.js';
import type { Bell } from './bell.js';
import type { Database } from './database.js';
import { faultOf } from './fault.js';
import { BEAT_VALID_MS, HeartbeatLife } from './heartbeat.life.js';
import type { Life } from './life.js';
import { hostLockClass, LockLife } from './lock.life.js';
import type { PostgresConnection } from './pool.js';
import { beatHost, drawHost, insertHost, isHost, PostgresSeat, type PostgresSeatOptions } from './seat.js';
import { asNumber } from './statement.js';

export interface SeatsOptions extends Pick<PostgresSeatOptions, 'onReleased'> {
  readonly schema: string;
  readonly liveness: 'lock' | 'heartbeat';
  readonly database: Database;
  readonly connect: () => Promise<PostgresConnection>;
  readonly bell: Bell;
  readonly onGone: (seat: PostgresSeat) => void;
}

/** The seats that were taken through one store: nearly always one. What concerns the process is told to each of them. */
export class Seats {
  private readonly seated = new Set<PostgresSeat>();

  constructor(private readonly options: SeatsOptions) {}

  /** A life begins before its row can be seen: a host that is seen without its lock is dead. */
  async enroll(host: Host): Promise<Seat> {
    const { database, liveness, onReleased, onGone } = this.options;
    const [drawn] = await database.run(drawHost);
    const id = asNumber(drawn!.id);
    const seat = new PostgresSeat({
      id,
      host,
      database,
      onReleased,
      onGone: (gone) => {
        this.seated.delete(gone);
        onGone(gone);
      },
    });
    try {
      await seat.live(this.life(seat));
      await database.run(insertHost, [id, host.name, host.leaseMs, liveness === 'heartbeat' ? BEAT_VALID_MS : null]);
    } catch (error) {
      await seat.leave().catch(() => {});
      throw faultOf(error);
    }
    this.seated.add(seat);
    return seat;
  }

  /** @throws TypeError for a seat of another store */
  own(seat: Seat): PostgresSeat {
    if (seat instanceof PostgresSeat) return seat;
    throw new TypeError('The PostgreSQL store was given a seat that it has not given.');
  }

  wake(channels: readonly string[] | undefined): void {
    for (const { told } of this.seated) told.onWake(channels);
  }

  finished(ids: readonly number[]): void {
    for (const { told } of this.seated) for (const id of ids) told.onFinished(id);
  }

  fault(error: unknown): void {
    for (const { told } of this.seated) told.onFault(error);
  }

  async close(): Promise<void> {
    for (const seat of this.seated) await seat.leave().catch((error: unknown) => seat.told.onFault(error));
  }

  private life(seat: PostgresSeat): Life {
    const { schema, liveness, database, connect, bell } = this.options;
    const events = seat.events((text) => this.hear(seat, text));
    if (liveness === 'heartbeat') {
      return new HeartbeatLife(
        async () => (await database.run(beatHost, [seat.host, BEAT_VALID_MS])).length > 0,
        events,
      );
    }
    return new LockLife(
      {
        connect,
        lock: [hostLockClass(schema), seat.host],
        bell: bell.name,
        isKnown: async (connection) =>
          (await connection.query({ text: isHost.text(database.schema), values: [seat.host] })).rows.length > 0,
      },
      events,
    );
  }

  private hear({ told }: PostgresSeat, text: string): void {
    const note = this.options.bell.read(text);
    if (note?.type === 'wake') told.onWake(note.channels);
    if (note?.type === 'finished') for (const id of note.ids) told.onFinished(id);
  }
}
