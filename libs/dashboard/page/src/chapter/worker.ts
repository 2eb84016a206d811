import { ConcurrencyControl, PauseControl } from '../act/control.js';
import { failuresOf } from '../feed/point.js';
import type { House } from '../feed/wire.js';
import { h, hide } from '../view/element.js';
import { section } from '../view/section.js';
import { count, duration, rate } from '../view/words.js';
import type { Chapter, Now } from './chapter.js';
import { paceCurves } from './curves.js';
import { type Figure, Figures } from './figures.js';
import { isolatesIn, isolatesTable } from './isolates.js';
import { lossesIn, lossesTable } from './losses.js';
import { neighbours } from './neighbours.js';

/** One worker. */
export function workerChapter(house: House, name: string): Chapter {
  return runner(house, name, 'Worker', (now) => {
    const worker = now.snapshot.stats.workers[name];
    if (worker === undefined) return undefined;
    const { state, inFlight, concurrency, unsettled, done, waitMs, runMs } = worker;
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
    return { figures, isPaused: state === 'paused', concurrency };
  });
}

/** One ticker. */
export function tickerChapter(house: House, name: string): Chapter {
  return runner(house, name, 'Ticker', (now) => {
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
    return { figures, isPaused: state === 'paused', concurrency: undefined };
  });
}

interface Running {
  readonly figures: readonly Figure[];
  readonly isPaused: boolean;
  /** Undefined where it cannot be changed. */
  readonly concurrency: number | undefined;
}

function runner(house: House, name: string, kind: 'Worker' | 'Ticker', of: (now: Now) => Running | undefined): Chapter {
  const figures = new Figures();
  const curves = paceCurves(({ workers }) => workers[name], kind === 'Ticker');
  const { dispatch = 'inline', isHere = true } =
    [...house.workers, ...house.tickers].find((one) => one.name === name) ?? {};
  const [losses, isolates, pause] = [
    lossesTable(),
    isolatesTable(dispatch !== 'inline'),
    new PauseControl({ worker: name }),
  ];
  const concurrency = kind === 'Worker' ? new ConcurrencyControl(name) : undefined;
  const deeds = house.isWritable && isHere ? h('div', { class: 'deeds' }, pause.root, concurrency?.root) : undefined;
  const gone = h('p', { class: 'nothing' }, `No ${kind.toLowerCase()} is called that.`);
  const body = h(
    'div',
    { class: 'chapter' },
    deeds,
    figures.root,
    h('section', { class: 'curves', 'aria-label': 'The last five minutes' }, ...curves.map((curve) => curve.root)),
    h(
      'div',
      { class: 'columns' },
      section('Where it stands', neighbours(house, name)),
      section('Failed, by kind', losses.root),
      section('Isolates', isolates.root),
    ),
  );
  return {
    title: `${kind} ${name}`,
    root: h('div', {}, gone, body),
    show: (now) => {
      const running = of(now);
      hide(gone, running !== undefined);
      hide(body, running === undefined);
      if (running === undefined) return;
      figures.show(running.figures);
      pause.show(running.isPaused);
      if (running.concurrency !== undefined) concurrency?.show(running.concurrency);
      for (const curve of curves) curve.show(now.points, now.snapshot.at);
      losses.show(lossesIn(now.snapshot, name));
      isolates.show(isolatesIn(now.snapshot, name));
    },
  };
}
