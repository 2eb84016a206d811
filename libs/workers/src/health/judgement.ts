import type { WorkersStats } from '../observe/stats.js';

/** How it is, and why it is not better: reasons in words, each with the name of whom it concerns. */
export interface Judgement {
  readonly status: 'up' | 'degraded' | 'down';
  readonly reasons: readonly string[];
}

/** How bad something is: an instance that is `down` gets no traffic, one that is `degraded` is only told of. */
export type Severity = 'ignore' | 'degraded' | 'down';

/** What `liveness` takes. */
export interface LivenessOptions {
  /** How long a relay may go without looking after its store, in milliseconds, before it counts as dead. @default 60000 */
  readonly lookWithinMs?: number;
}

/** What `readiness` takes. */
export interface ReadinessOptions {
  /** When a channel is nearly full. @default 'degraded' */
  readonly saturation?: Severity;
  /** When messages of a channel wait longer than `starvationAfter`. @default 'degraded' */
  readonly starvation?: Severity;
  /** When a store does not answer. @default 'down' */
  readonly store?: Severity;
  /** When the isolates of a worker only die, so that what comes for it is refused. @default 'degraded' */
  readonly isolates?: Severity;
  /** From how many milliseconds without an answer a store counts as away, also while it is still being asked. @default 10000 */
  readonly answerWithinMs?: number;
}

const RANK: Readonly<Record<Judgement['status'], number>> = { up: 0, degraded: 1, down: 2 };

/**
 * Whether this process does its work at all, so that it would help to start it anew. A store that is away is no such reason, nor is
 * overload; a relay whose rounds have come to a standstill is, and so is a worker that does not take what it could.
 *
 * @param stalled the workers that had room and did not take what waited, when they were looked at twice
 */
export function liveness(
  stats: WorkersStats,
  stalled: readonly string[],
  { lookWithinMs = 60_000 }: LivenessOptions = {},
): Judgement {
  const standing = Object.entries(stats.relays).filter(
    ([, { state, sinceLookMs }]) => state !== 'idle' && state !== 'stopped' && sinceLookMs > lookWithinMs,
  );
  return judge([
    ...stalled.map((name): Finding => ['down', `worker "${name}" has room and does not take what waits`]),
    ...standing.map(([name, { store, sinceLookMs }]): Finding => [
      'down',
      `${name}: has not looked after its ${store} store for ${sinceLookMs} ms`,
    ]),
  ]);
}

/** Whether this process should be given more work now. */
export function readiness(stats: WorkersStats, starving: readonly string[], options: ReadinessOptions = {}): Judgement {
  const { saturation = 'degraded', starvation = 'degraded', store: away = 'down', isolates = 'degraded' } = options;
  const { answerWithinMs = 10_000 } = options;
  const channels = Object.entries(stats.channels);
  const relays = Object.entries(stats.relays).filter(([, { state }]) => state !== 'idle' && state !== 'stopped');
  return judge([
    ...(stats.state === 'running' ? [] : [['down', `the workers are ${stats.state}`] satisfies Finding]),
    ...channels
      .filter(([, { isSaturated }]) => isSaturated)
      .map(([name, { depth, capacity }]): Finding => [
        saturation,
        `channel "${name}" is nearly full: ${depth} of ${capacity}`,
      ]),
    ...starving.map((name): Finding => [starvation, `messages wait too long on channel "${name}"`]),
    ...relays
      .filter(([, { state, sinceAnswerMs }]) => state !== 'claiming' || sinceAnswerMs > answerWithinMs)
      .map(([name, { store, state, sinceAnswerMs }]): Finding => [
        away,
        `${name}: the ${store} store ${state === 'lost' ? 'gave our claims to others' : 'does not answer'} (for ${sinceAnswerMs} ms)`,
      ]),
    ...Object.entries(stats.workers)
      .filter(([, { isCrashLooping }]) => isCrashLooping)
      .map(([name, { isolateDeaths }]): Finding => [
        isolates,
        `the isolates of worker "${name}" only die: ${isolateDeaths} so far`,
      ]),
  ]);
}

type Finding = readonly [severity: Severity, reason: string];

function judge(findings: readonly Finding[]): Judgement {
  const counted = findings.filter(([severity]) => severity !== 'ignore');
  const status = counted.reduce<Judgement['status']>(
    (worst, [severity]) => (severity !== 'ignore' && RANK[severity] > RANK[worst] ? severity : worst),
    'up',
  );
  return { status, reasons: counted.map(([, reason]) => reason) };
}
