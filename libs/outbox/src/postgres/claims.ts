import type { Claimed, Wanted } from '../store/store.js';
import { Allowance } from './allowance.js';
import { Cursor, type Look, type Ranked } from './cursor.js';
import type { Runner } from './database.js';
import { claimedOf, exchange, exchangeKeyed, stepsFor } from './exchange.js';
import type { Row } from './pool.js';
import { asNumber, asText, numbers } from './statement.js';

type Claim = { readonly id: number; readonly claim: number };

/** How often a claim looks everywhere: each so many milliseconds, and for so large a share of all time at most. */
export interface Pace {
  readonly scanMs: number;
  readonly share: number;
}

/**
 * Claims by cursors: one for each channel, all with one allowance for scans.
 *
 * A call is one statement, and a second one when the first left a room empty and there may be more before the cursor. What it may not look
 * for now, it says how soon to ask again for.
 */
export class Claims {
  private readonly cursors = new Map<string, Cursor>();
  private readonly allowance: Allowance;

  constructor(private readonly pace: Pace) {
    this.allowance = new Allowance(pace.share);
  }

  cursor(channel: string): Cursor {
    let cursor = this.cursors.get(channel);
    if (cursor === undefined) this.cursors.set(channel, (cursor = new Cursor(channel, this.pace.scanMs)));
    return cursor;
  }

  /** Settles what is done, and claims for rooms that are open. */
  async exchange(
    runner: Runner,
    host: number,
    done: readonly Claim[],
    wanted: readonly Wanted[],
  ): Promise<{ readonly settled: ReadonlySet<number>; readonly claimed: readonly Claimed[] }> {
    const looks = this.looks(wanted);
    const rows = await runner.run(...this.statement(host, done, looks));
    return { settled: settledOf(rows, done), claimed: this.learn(looks, rows) };
  }

  /** The rooms that are still open although there may be something for them, and how soon that may be looked for. */
  left(
    wanted: readonly Wanted[],
    claimed: readonly Claimed[],
  ): { readonly wanted: readonly Wanted[]; readonly waitMs: number } | undefined {
    const left = wanted
      .map(({ channel, room }) => ({
        channel,
        room: room - claimed.filter((claim) => claim.channel === channel).length,
      }))
      .filter(({ channel, room }) => room > 0 && this.cursor(channel).isInDoubt);
    return left.length === 0 ? undefined : { wanted: left, waitMs: this.allowance.waitMs() };
  }

  private looks(wanted: readonly Wanted[]): Look[] {
    const nowMs = performance.now();
    const mayScan = this.allowance.isLeft;
    return wanted
      .filter(({ room }) => room > 0)
      .map(({ channel, room }) => this.cursor(channel).look(room, nowMs, mayScan));
  }

  private statement(host: number, done: readonly Claim[], looks: readonly Look[]): Parameters<Runner['run']> {
    const ranks = looks.flatMap((look, index) => look.ranks.map((rank) => ({ ...rank, n: index + 1 })));
    const parameters = [
      numbers(done.map(({ id }) => id)),
      numbers(done.map(({ claim }) => claim)),
      host,
      looks.map(({ cursor }) => cursor.channel),
      numbers(looks.map(({ room }) => room)),
      numbers(ranks.map(({ n }) => n)),
      numbers(ranks.map(({ rank }) => rank)),
      numbers(ranks.map(({ after }) => after)),
    ];
    if (!looks.some(({ withKeys }) => withKeys)) return [exchange, parameters];
    return [
      exchangeKeyed,
      [
        ...parameters,
        numbers(looks.map((look) => (look.withKeys ? look.room : 0))),
        looks.map(({ keyAfter }) => keyAfter),
      ],
    ];
  }

  private learn(looks: readonly Look[], rows: readonly Row[]): Claimed[] {
    const claimed = new Map<string, Ranked[]>(looks.map(({ cursor }) => [cursor.channel, []]));
    const walked = new Map<number, Row>();
    const isScan = looks.some((look) => look.isScan);
    for (const row of rows) {
      if (row.claims !== null)
        claimed.get(String(row.channel))!.push({ message: claimedOf(row), rank: asNumber(row.rank) });
      else if (row.channel === 'walked') walked.set(asNumber(row.id), row);
      else if (row.channel === 'took' && isScan) this.allowance.spend(asNumber(row.created));
    }
    for (const [index, look] of looks.entries()) {
      const found = claimed
        .get(look.cursor.channel)!
        .toSorted((a, b) => a.rank - b.rank || a.message.id - b.message.id);
      const walk = walked.get(index + 1);
      look.cursor.learn(look, {
        claimed: found,
        walked: asNumber(walk?.attempt ?? 0),
        lastKey: asText(walk?.key) ?? '',
        steps: stepsFor(look.room),
      });
    }
    return [...claimed.values()].flatMap((found) => found.map(({ message }) => message));
  }
}

/** All but those that the store says were not ours. */
function settledOf(rows: readonly Row[], done: readonly Claim[]): Set<number> {
  const settled = new Set(done.map(({ id }) => id));
  for (const row of rows) if (row.claims === null && row.channel === 'fenced') settled.delete(asNumber(row.id));
  return settled;
}
