import type { Claimed, Exchanged, NewMessage, Settlement, Wanted } from '../store/store.js';
import { appending } from './append.js';
import type { Claims } from './claims.js';
import type { Database } from './database.js';
import type { Row } from './pool.js';
import type { PostgresSeat } from './seat.js';
import { isPlain, settling } from './settle.js';
import { asNumber } from './statement.js';

/** What others have to hear of a trade, when it is committed. */
export interface TradeEvents {
  /** Ready messages whose ids may lie before the cursors. */
  readonly onReady: (rows: readonly Row[]) => void;
  /** Outcomes were recorded that somebody waits for. */
  readonly onFinished: (ids: readonly number[]) => void;
  /** Messages were written along with it. */
  readonly onRouted: (messages: readonly NewMessage[]) => void;
}

/** One call looks a second and a third time for what the first look could not reach. */
const LOOKS = 3;

/**
 * Claims for settlements, in one transaction.
 *
 * The usual settlements (done, and nothing to remember) go with the claim in one statement. All others take a statement for each kind,
 * before it. More looks for open rooms are transactions of their own: what the first has claimed is not risked for them.
 */
export class Trade {
  private readonly reminders = new Map<PostgresSeat, NodeJS.Timeout>();

  constructor(
    private readonly database: Database,
    private readonly claims: Claims,
    private readonly events: TradeEvents,
  ) {}

  async exchange(seat: PostgresSeat, settlements: readonly Settlement[], asked: readonly Wanted[]): Promise<Exchanged> {
    const wanted = seat.isSeated ? asked : [];
    if (settlements.length === 0 && wanted.every(({ room }) => room <= 0)) return { fenced: [], claimed: [] };
    return seat.holdings.change(async () => {
      const { ours, claimed } = await this.first(seat, settlements, wanted);
      seat.holdings.drop(settlements);
      seat.holdings.take(claimed);
      const fenced = settlements.filter(({ id }) => !ours.has(id)).map(({ id }) => id);
      return { fenced, claimed: [...claimed, ...(await this.more(seat, wanted, claimed))] };
    });
  }

  forget(seat: PostgresSeat): void {
    clearTimeout(this.reminders.get(seat));
    this.reminders.delete(seat);
  }

  private async first(seat: PostgresSeat, settlements: readonly Settlement[], wanted: readonly Wanted[]) {
    const plain = settlements.filter(isPlain);
    if (plain.length === settlements.length) {
      const { settled, claimed } = await this.claims.exchange(this.database, seat.host, plain, wanted);
      return { ours: settled, claimed };
    }
    const others = settlements.filter((settlement) => !isPlain(settlement));
    const { rows, routed, settled, claimed } = await this.database.transact(async (transaction) => {
      const rows: Row[] = [];
      for (const [statement, parameters] of settling(seat.host, others)) {
        rows.push(...(await transaction.run(statement, parameters)));
      }
      const ours = new Set(rows.map(({ id }) => asNumber(id)));
      const routed = others.flatMap((each) => (each.type === 'done' && ours.has(each.id) ? each.routed : []));
      if (routed.length > 0) {
        const { statement, parameters } = appending(routed);
        await transaction.run(statement, parameters);
      }
      return { rows, routed, ...(await this.claims.exchange(transaction, seat.host, plain, wanted)) };
    });
    this.events.onReady(rows.filter(({ gone, is_ready }) => gone === undefined && is_ready === true));
    this.events.onRouted(routed);
    const finished = rows.filter(({ wants_result, keep }) => wants_result === true && asNumber(keep ?? 0) > 0);
    this.events.onFinished(finished.map(({ id }) => asNumber(id)));
    return { ours: new Set([...settled, ...rows.map(({ id }) => asNumber(id))]), claimed };
  }

  private async more(
    seat: PostgresSeat,
    wanted: readonly Wanted[],
    claimed: readonly Claimed[],
  ): Promise<readonly Claimed[]> {
    const more: Claimed[] = [];
    let left = this.claims.left(wanted, claimed);
    try {
      for (let looks = 1; left !== undefined && left.waitMs === 0 && looks < LOOKS; looks += 1) {
        const found = await this.claims.exchange(this.database, seat.host, [], left.wanted);
        seat.holdings.take(found.claimed);
        more.push(...found.claimed);
        left = this.claims.left(left.wanted, found.claimed);
      }
    } catch (error) {
      seat.holdings.doubt();
      seat.told.onFault(error);
    }
    if (left !== undefined)
      this.remind(
        seat,
        left.wanted.map(({ channel }) => channel),
        left.waitMs,
      );
    return more;
  }

  /** Asks to be asked again, when scans are allowed again. */
  private remind(seat: PostgresSeat, channels: readonly string[], waitMs: number): void {
    if (this.reminders.has(seat) || !seat.isSeated) return;
    const timer = setTimeout(
      () => {
        this.reminders.delete(seat);
        seat.told.onWake(channels);
      },
      Math.max(5, waitMs),
    );
    this.reminders.set(seat, timer.unref());
  }
}
