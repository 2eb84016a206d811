import { ConcurrencyControl } from '../act/control.js';
import { failuresOf } from '../feed/point.js';
import type { House } from '../feed/wire.js';
import { section } from '../view/section.js';
import { count, duration, rate } from '../view/words.js';
import type { Chapter } from './chapter.js';
import { paceCurves } from './curves.js';
import type { Figure } from './figures.js';
import { isolatesIn, isolatesTable } from './isolates.js';
import { type Look, portrait, type PortraitParts } from './portrait.js';

/** One worker. */
export function workerChapter(house: House, name: string): Chapter {
  const control = new ConcurrencyControl(name);
  const look: Look = (now) => {
    const worker = now.snapshot.stats.workers[name];
    if (worker === undefined) return undefined;
    const { state, inFlight, concurrency, unsettled, done, waitMs, runMs } = worker;
    control.show(concurrency);
    const failed = failuresOf(worker);
    const figures: Figure[] = [
      { title: 'State', value: state, tone: state === 'paused' ? 'warn' : undefined },
      { title: 'Running', value: count(inFlight), note: `of ${count(concurrency)} permits` },
      { title: 'Settling', value: count(unsettled), note: `of ${count(worker.maxUnsettled)}` },
      { title: 'Done', value: count(done), note: rate(now.point?.workers[name]?.perSecond ?? 0) },
      {
        title: 'Failed',
        value: count(failed),
        note: `${count(worker.aborted)} aborted`,
        tone: failed > 0 ? 'bad' : undefined,
      },
      { title: 'Waited', value: duration(waitMs.p95), note: `half ${duration(waitMs.p50)}` },
      { title: 'Ran', value: duration(runMs.p95), note: `half ${duration(runMs.p50)}` },
    ];
    return { figures, isPaused: state === 'paused' };
  };
  return runner(house, { kind: 'Worker', name, controls: [control.root], look });
}

/** One ticker. */
export function tickerChapter(house: House, name: string): Chapter {
  const look: Look = (now) => {
    const ticker = now.snapshot.stats.tickers[name];
    if (ticker === undefined) return undefined;
    const { state, ticks, skipped, failed, inFlight, queued, runMs, driftMs } = ticker;
    const figures: Figure[] = [
      { title: 'State', value: state, tone: state === 'paused' ? 'warn' : undefined },
      { title: 'Ticks', value: count(ticks), note: rate(now.point?.workers[name]?.perSecond ?? 0) },
      { title: 'Skipped', value: count(skipped), tone: skipped > 0 ? 'warn' : undefined },
      { title: 'Running', value: count(inFlight), note: `${count(queued)} wait` },
      { title: 'Failed', value: count(failed), tone: failed > 0 ? 'bad' : undefined },
      { title: 'Late by', value: duration(driftMs) },
      { title: 'Ran', value: duration(runMs.p95), note: `half ${duration(runMs.p50)}` },
    ];
    return { figures, isPaused: state === 'paused' };
  };
  return runner(house, { kind: 'Ticker', name, controls: [], look });
}

function runner(house: House, parts: Pick<PortraitParts, 'kind' | 'name' | 'controls' | 'look'>): Chapter {
  const { kind, name, look } = parts;
  const { dispatch = 'inline', isHere = true } =
    [...house.workers, ...house.tickers].find((one) => one.name === name) ?? {};
  const isolates = isolatesTable(dispatch !== 'inline');
  return portrait(house, {
    ...parts,
    isHere,
    curves: paceCurves(({ workers }) => workers[name], kind === 'Ticker'),
    losses: 'Failed, by kind',
    sections: [section('Isolates', isolates.root)],
    look: (now) => {
      isolates.show(isolatesIn(now.snapshot, name));
      return look(now);
    },
  });
}
