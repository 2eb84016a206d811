import type { IsolateFigures, Snapshot } from '../feed/wire.js';
import { hashOf } from '../view/route.js';
import { Table } from '../view/table.js';
import { count, megabytes } from '../view/words.js';

interface Housed extends IsolateFigures {
  readonly worker: string;
  readonly href: string;
}

/** @param isApart whether handlers run in isolates, as they may */
export function isolatesTable(isApart: boolean): Table<Housed> {
  return new Table<Housed>(
    'Isolates',
    [
      { title: 'Isolate', text: ({ name }) => name, href: ({ href }) => href },
      { title: 'Kind', text: ({ kind, pid }) => (pid === undefined ? kind : `${kind} ${pid}`) },
      { title: 'State', text: ({ state }) => state, tone: ({ state }) => state },
      { title: 'Holds', isNumber: true, text: ({ load }) => count(load) },
      { title: 'Handled', isNumber: true, text: ({ handled }) => count(handled) },
      { title: 'Heap', isNumber: true, text: ({ heapMb }) => (heapMb === 0 ? '–' : megabytes(heapMb)) },
      { title: 'Memory', isNumber: true, text: ({ rssMb }) => (rssMb === 0 ? '–' : megabytes(rssMb)) },
      {
        title: 'Restarts',
        isNumber: true,
        text: ({ restarts }) => count(restarts),
        tone: ({ restarts }) => (restarts > 0 ? 'warn' : undefined),
      },
    ],
    ({ name }) => name,
    isApart ? 'No isolate lives.' : 'All handlers run on the event loop.',
  );
}

/** @param of only of this worker or ticker */
export function isolatesIn({ stats }: Snapshot, of?: string): Housed[] {
  return [...housed(stats.workers, 'worker'), ...housed(stats.tickers, 'ticker')].filter(
    ({ worker }) => of === undefined || worker === of,
  );
}

function housed(
  runners: Readonly<Record<string, { readonly isolates: readonly IsolateFigures[] }>>,
  chapter: 'worker' | 'ticker',
): Housed[] {
  return Object.entries(runners).flatMap(([name, { isolates }]) =>
    isolates.map((isolate) => Object.assign({ worker: name, href: hashOf({ chapter, name }) }, isolate)),
  );
}
