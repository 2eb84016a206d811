import { CurveView } from '../curve/curve.view.js';
import type { Flow, Pace, Point } from '../feed/point.js';
import { count, duration, rate } from '../view/words.js';

/** How often, how long waited, how long run: of one worker or ticker, or of all of them. */
export function paceCurves(paceOf: (point: Point) => Pace | undefined, isTicker = false): CurveView[] {
  const throughput = new CurveView(
    'Throughput',
    [
      { label: 'ended', tone: 'run', of: (point) => paceOf(point)?.perSecond },
      { label: 'failed', tone: 'bad', of: (point) => paceOf(point)?.failedPerSecond },
    ],
    (perSecond) => (Number.isNaN(perSecond) ? '–' : rate(perSecond)),
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
  return isTicker ? [throughput, run] : [throughput, waited, run];
}

/** How much lies in a channel, how much goes through it, and how long the oldest has waited. */
export function flowCurves(flowOf: (point: Point) => Flow | undefined): CurveView[] {
  return [
    new CurveView('Waiting', [{ label: 'messages', tone: 'wait', of: (point) => flowOf(point)?.depth }], whole, 4),
    new CurveView(
      'Flow',
      [
        { label: 'in', tone: 'wait', of: (point) => flowOf(point)?.inPerSecond },
        { label: 'out', tone: 'run', of: (point) => flowOf(point)?.outPerSecond },
        { label: 'dropped', tone: 'bad', of: (point) => flowOf(point)?.droppedPerSecond },
      ],
      (perSecond) => (Number.isNaN(perSecond) ? '–' : rate(perSecond)),
      1,
    ),
    new CurveView(
      'Oldest waits',
      [{ label: 'since', tone: 'wait-far', of: (point) => flowOf(point)?.oldestMs }],
      duration,
      100,
    ),
  ];
}

function whole(number: number): string {
  return Number.isNaN(number) ? '–' : count(Math.round(number));
}
