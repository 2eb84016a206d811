/**
 * A table as the report thinks of it: plain text in cells, before anybody decides how it is drawn. One heat makes one table:
 * a row for each peer, a column for each measure, then the ratios to the frames, then the bars that we are held to.
 */
import type { Absentee } from '../round/plan.js';
import type { Result, Standing } from '../round/rounds.js';
import { type Lookup, rowOf, verdict } from '../suite/bar.js';

export interface Table {
  readonly title: string;
  readonly about: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

export function tableOf({ heat, results }: Standing): Table {
  const { scenario, suite, absent } = heat;
  const ours = suite.peers.find((peer) => peer.kind === 'ours')!.name;
  const figure: Lookup = (peer, measure) =>
    results.find((result) => result.entrant.peer.name === peer)?.figures?.[measure];
  const frames = scenario.frames.filter((frame) => figure(frame, scenario.measures[0].key) !== undefined);
  const bars = (peer: string) =>
    scenario.bars.filter((bar) => rowOf(bar, ours) === peer).map((bar) => verdict(bar, ours, figure));

  const most = Math.max(...results.map(({ entrant }) => entrant.items));

  const row = ({ entrant: { peer }, figures }: Result): string[] => {
    if (!figures) return [peer.title, 'failed'];
    const measured = scenario.measures.map(({ key, digits }) => shown(figures[key]!, digits));
    const lead = scenario.measures[0].key;
    const ratios = frames.map((frame) => ratio(figures[lead]!, figure(frame, lead)!));
    return [peer.title, ...measured, ...ratios, bars(peer.name).join('; ')];
  };
  return {
    title: scenario.title,
    about: `${scenario.about} ${most.toLocaleString('en')} items.`,
    head: ['', ...scenario.measures.map(({ title }) => title), ...frames.map((frame) => `× ${frame}`), 'bar'],
    rows: results.map(row),
    notes: [...results.flatMap(failures), ...fewer(results, most), ...notRun(absent)],
  };
}

function failures({ entrant, failures: all, figures }: Result): string[] {
  const [first] = all;
  if (!first) return [];
  return [`${entrant.peer.title} failed${figures ? ` in ${all.length} round(s)` : ''}: ${first.reason}.`];
}

/** Peers that were given fewer items, by their own limit or by the budget of a pass. */
function fewer(results: readonly Result[], most: number): string[] {
  const short = results
    .map(({ entrant, figures }) => ({ title: entrant.peer.title, items: figures?.['items'] ?? most }))
    .filter(({ items }) => items < most)
    .map(({ title, items }) => `${title} ${items.toLocaleString('en')}`);
  return short.length > 0 ? [`Fewer items: ${short.join(', ')}.`] : [];
}

function notRun(absent: readonly Absentee[]): string[] {
  const reasons = [...new Set(absent.map(({ reason }) => reason))];
  return reasons.map((reason) => {
    const titles = absent.filter((one) => one.reason === reason).map(({ peer }) => peer.title);
    return `Not run: ${titles.join(', ')} (${reason}).`;
  });
}

function shown(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function ratio(value: number, by: number): string {
  const times = value / by;
  return times >= 10 ? times.toFixed(0) : times.toFixed(2);
}
