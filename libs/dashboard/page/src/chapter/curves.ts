import { CurveView } from '../curve/curve.view.js';
import type { Flow, Pace, Point } from '../feed/point.js';
import { h } from '../view/element.js';
import { count, duration, rate } from '../view/words.js';
import type { Now } from './chapter.js';

/** Curves that stand side by side. */
export class Curves {
  readonly root: HTMLElement;
  private readonly views: readonly CurveView[];

  constructor(...views: CurveView[]) {
    this.views = views;
    this.root = h(
      'section',
      { class: 'curves', 'aria-label': 'The last five minutes' },
      ...views.map(({ root }) => root),
    );
  }

  show({ points, snapshot }: Now): void {
    for (const view of this.views) view.show(points, snapshot.at);
  }
}

/** How often, how long waited, how long run: of one worker or ticker, or of all of them. */
export function paceCurves(paceOf: (point: Point) => Pace | undefined, isTicker = false): Curves {
  const throughput = new CurveView(
    'Throughput',
    [
      { label: 'ended', tone: 'run', of: (point) => paceOf(point)?.perSecond },
      { label: 'failed', tone: 'bad', of: (point) => paceOf(point)?.failedPerSecond },
    ],
    often,
    1,
  );
  const waited = new CurveView(
    'Wait time',
    [
      { label: 'half', tone: 'wait', of: (point) => paceOf(point)?.wait50 },
      { label: '95 %', tone: 'wait-far', of: (point) => paceOf(point)?.wait95 },
    ],
    duration,
    1,
  );
  const run = new CurveView(
    'Run time',
    [
      { label: 'half', tone: 'run', of: (point) => paceOf(point)?.run50 },
      { label: '95 %', tone: 'run-far', of: (point) => paceOf(point)?.run95 },
    ],
    duration,
    1,
  );
  return isTicker ? new Curves(throughput, run) : new Curves(throughput, waited, run);
}

/** How much lies in a channel, how much goes through it, and how long the oldest has waited. */
export function flowCurves(flowOf: (point: Point) => Flow | undefined): Curves {
  return new Curves(
    new CurveView('Waiting', [{ label: 'messages', tone: 'wait', of: (point) => flowOf(point)?.depth }], whole, 4),
    new CurveView(
      'Flow',
      [
        { label: 'in', tone: 'wait', of: (point) => flowOf(point)?.inPerSecond },
        { label: 'out', tone: 'run', of: (point) => flowOf(point)?.outPerSecond },
        { label: 'dropped', tone: 'bad', of: (point) => flowOf(point)?.droppedPerSecond },
      ],
      often,
      1,
    ),
    new CurveView(
      'Oldest waits',
      [{ label: 'since', tone: 'wait-far', of: (point) => flowOf(point)?.oldestMs }],
      duration,
      100,
    ),
  );
}

function often(perSecond: number): string {
  return Number.isNaN(perSecond) ? '–' : rate(perSecond);
}

function whole(number: number): string {
  return Number.isNaN(number) ? '–' : count(Math.round(number));
}
