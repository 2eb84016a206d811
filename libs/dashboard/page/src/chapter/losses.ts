import type { Snapshot } from '../feed/wire.js';
import { hashOf } from '../view/route.js';
import { Table } from '../view/table.js';
import { count, plain } from '../view/words.js';

/** Messages that came to nothing: where, why, how many. */
interface Loss {
  readonly kind: 'dropped' | 'failed';
  readonly where: string;
  readonly href: string;
  readonly reason: string;
  readonly count: number;
}

/** Drops by channel and reason, and failures by worker and kind, the most first. */
export function lossesTable(): Table<Loss> {
  return new Table<Loss>(
    'What was lost, and why',
    [
      { title: 'Where', text: ({ where }) => where, href: ({ href }) => href },
      { title: 'Why', text: ({ kind, reason }) => (kind === 'dropped' ? plain(reason) : `failed: ${plain(reason)}`) },
      { title: 'Messages', isNumber: true, text: (loss) => count(loss.count), tone: () => 'bad' },
    ],
    ({ kind, where, reason }) => `${kind} ${reason} ${where}`,
    'Nothing was lost and nothing failed since the start.',
  );
}

/** @param of only of this channel, worker or ticker */
export function lossesIn({ stats }: Snapshot, of?: string): Loss[] {
  const channels = Object.entries(stats.channels).flatMap(([where, { drops }]) =>
    Object.entries(drops).map(([reason, number]): Loss => {
      return { kind: 'dropped', where, href: hashOf({ chapter: 'channel', name: where }), reason, count: number };
    }),
  );
  const workers = Object.entries(stats.workers).flatMap(([where, { failed, aborted, lost }]) =>
    Object.entries({ ...failed, aborted, lost }).map(([reason, number]): Loss => {
      return { kind: 'failed', where, href: hashOf({ chapter: 'worker', name: where }), reason, count: number };
    }),
  );
  const tickers = Object.entries(stats.tickers).flatMap(([where, { failed, skipped }]): Loss[] => {
    const href = hashOf({ chapter: 'ticker', name: where });
    return [
      { kind: 'failed', where, href, reason: 'tick', count: failed },
      { kind: 'dropped', where, href, reason: 'tick skipped', count: skipped },
    ];
  });
  return [...channels, ...workers, ...tickers]
    .filter((loss) => loss.count > 0 && (of === undefined || loss.where === of))
    .toSorted((one, other) => other.count - one.count);
}
