import { setTimeout as sleep } from 'node:timers/promises';
import type { TakenOver } from '../store/store.js';
import type { Database } from './database.js';
import { SILENCE_MS } from './life.js';
import type { Row } from './pool.js';
import type { PostgresSeat } from './seat.js';
import { asNumber, numbers } from './statement.js';
import { buryCrashed, claimsOfHost, confirmDeath, freeCrashed, lookAround, removeHost, tryLock } from './take.over.js';

/** So long it waits for the second to be full, instead of coming back half a second later. */
const PATIENCE_MS = 150;

type Burial = TakenOver['buried'][number] & { readonly wantsResult: boolean };
interface Estate {
  readonly name: string;
  readonly claims: number;
  readonly buried: readonly Burial[];
}

/**
 * Looks after the other hosts. One is dead when nobody has held its lock for a second, on this observer's own clock and seen without a
 * break, when its heartbeat has run out, or when its lease has.
 *
 * Promises: of all observers one takes over; what the dead host held is ready again or buried, and its row is gone, in one transaction.
 */
export class Watch {
  /** Since when a host was seen without its lock. */
  private readonly silentSinceMs = new Map<number, number>();

  constructor(
    private readonly database: Database,
    private readonly lockClass: number,
  ) {}

  async look(
    seat: PostgresSeat,
    channels: readonly string[],
    maxCrashes: number,
  ): Promise<TakenOver & { readonly known: readonly number[] }> {
    const sawMs = performance.now();
    const rows = await this.lookAround(channels);
    const others = rows.filter(({ id }) => id !== null && asNumber(id) !== seat.host);
    const own = rows.find(({ id }) => id !== null && asNumber(id) === seat.host);
    seat.observe(sawMs, { isThere: own !== undefined, isSilent: own?.is_silent === true && own.beats !== true });
    const estates: Estate[] = [];
    for (const row of await this.dead(others)) {
      const estate = await this.takeOver(row, maxCrashes);
      if (estate !== undefined) estates.push(estate);
    }
    const suspects = estates.length > 0 ? await this.lookAround(channels) : rows;
    const buried = estates.flatMap((estate) => estate.buried);
    return {
      hosts: estates.map(({ name, claims }) => ({ name, claims })),
      buried: buried.map(({ id, channel, crashes }) => ({ id, channel, crashes })),
      suspects: suspects.reduce((sum, row) => sum + asNumber(row.suspects), 0),
      known: buried.filter(({ wantsResult }) => wantsResult).map(({ id }) => id),
    };
  }

  /** A look that failed is a break: nobody was seen, and whoever was silent before may have spoken. */
  private async lookAround(channels: readonly string[]): Promise<readonly Row[]> {
    try {
      return await this.database.run(lookAround, [this.lockClass, channels]);
    } catch (error) {
      this.silentSinceMs.clear();
      throw error;
    }
  }

  private async dead(rows: readonly Row[]): Promise<readonly Row[]> {
    const nowMs = performance.now();
    const silent = rows.filter(({ is_silent }) => is_silent === true);
    const since = new Map(silent.map(({ id }) => [asNumber(id), this.silentSinceMs.get(asNumber(id)) ?? nowMs]));
    this.silentSinceMs.clear();
    for (const [id, ms] of since) this.silentSinceMs.set(id, ms);
    const leftMs = (row: Row) =>
      row.is_expired === true || (row.beats === true && row.is_silent === true)
        ? 0
        : (since.get(asNumber(row.id)) ?? Infinity) + SILENCE_MS - nowMs;
    const dead = rows.filter((row) => leftMs(row) <= PATIENCE_MS);
    const waitMs = Math.max(0, ...dead.map(leftMs));
    if (waitMs > 0) await sleep(Math.ceil(waitMs));
    return dead;
  }

  private async takeOver(row: Row, maxCrashes: number): Promise<Estate | undefined> {
    const host = asNumber(row.id);
    const name = String(row.name);
    return this.database.transact(async (transaction) => {
      const isSilent = row.is_silent === true && row.beats !== true;
      if (isSilent && (await transaction.run(tryLock, [this.lockClass, host]))[0]?.is_free !== true) return undefined;
      if ((await transaction.run(confirmDeath, [host, isSilent])).length === 0) return undefined;
      const ids = numbers((await transaction.run(claimsOfHost, [host])).map(({ id }) => asNumber(id)));
      const buried = await transaction.run(buryCrashed, [ids, host, name, maxCrashes]);
      const freed = await transaction.run(freeCrashed, [ids, host, name, maxCrashes]);
      await transaction.run(removeHost, [host]);
      return { name, claims: buried.length + freed.length, buried: buried.map(burialOf) };
    });
  }
}

function burialOf(row: Row): Burial {
  return {
    id: asNumber(row.id),
    channel: String(row.channel),
    crashes: asNumber(row.crashes),
    wantsResult: row.wants_result === true,
  };
}
