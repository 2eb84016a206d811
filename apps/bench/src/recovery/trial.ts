import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Errand } from './errand.js';

const VICTIM = fileURLToPath(new URL('./victim.entry.js', import.meta.url));
const GLANCE_MS = 20;

/** What became of one kill. Times are in seconds from the kill. */
export interface Recovery {
  readonly lost: number;
  /** Jobs that came to their end more than once. */
  readonly doneTwice: number;
  readonly startedTwice: number;
  readonly inFlight: number;
  /** Until all that were never started had been done; undefined when that did not happen in time. */
  readonly backlogSeconds: number | undefined;
  /** Until the last of those that were in flight had been started again. */
  readonly inFlightSeconds: number | undefined;
}

interface Line {
  readonly what: string;
  readonly id: number;
  readonly at: number;
}

/**
 * Fills a queue, lets a process work on it, kills it with SIGKILL when half is done, starts another at once, and waits until everything is
 * done or the patience is over.
 */
export async function trial(errand: Errand, environment: NodeJS.ProcessEnv, patienceMs: number): Promise<Recovery> {
  const first = start(errand, environment);
  await until(() => ends(errand.log).length >= errand.jobs / 2, patienceMs);
  first.kill('SIGKILL');
  const killedAt = Date.now();
  await new Promise((resolve) => first.once('exit', resolve));
  const before = lines(errand.log);
  const ended = new Set(before.filter(({ what }) => what === 'end').map(({ id }) => id));
  const inFlight = new Set(before.filter(({ what, id }) => what === 'start' && !ended.has(id)).map(({ id }) => id));
  const second = start({ ...errand, isFilling: false }, environment);
  await until(() => new Set(ends(errand.log)).size >= errand.jobs, patienceMs);
  second.kill('SIGKILL');
  return judged(errand, lines(errand.log).slice(before.length), { before, inFlight, killedAt });
}

function judged(
  { jobs, log }: Errand,
  after: readonly Line[],
  { before, inFlight, killedAt }: { before: readonly Line[]; inFlight: ReadonlySet<number>; killedAt: number },
): Recovery {
  const all = lines(log);
  const seconds = (at: number) => (at - killedAt) / 1_000;
  const startedBefore = new Set(before.map(({ id }) => id));
  const backlog = after.filter(({ what, id }) => what === 'end' && !startedBefore.has(id));
  const again = after.filter(({ what, id }) => what === 'start' && inFlight.has(id));
  const isBacklogDone = new Set([...startedBefore, ...backlog.map(({ id }) => id)]).size >= jobs;
  const isRecovered = new Set(again.map(({ id }) => id)).size >= inFlight.size;
  return {
    lost: jobs - new Set(all.filter(({ what }) => what === 'end').map(({ id }) => id)).size,
    doneTwice: twice(all, 'end'),
    startedTwice: twice(all, 'start'),
    inFlight: inFlight.size,
    backlogSeconds: isBacklogDone ? seconds(backlog.at(-1)?.at ?? killedAt) : undefined,
    inFlightSeconds: isRecovered ? seconds(again.at(-1)?.at ?? killedAt) : undefined,
  };
}

function twice(all: readonly Line[], what: string): number {
  const counts = new Map<number, number>();
  for (const line of all) if (line.what === what) counts.set(line.id, (counts.get(line.id) ?? 0) + 1);
  return [...counts.values()].filter((count) => count > 1).length;
}

function start(errand: Errand, environment: NodeJS.ProcessEnv): ChildProcess {
  return fork(VICTIM, [JSON.stringify(errand)], {
    env: { ...process.env, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** The last line may be half a line: its process was killed. */
function lines(log: string): Line[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => /^(start|end) \d+ \d{13}$/.test(line))
    .map((line) => {
      const [what = '', id, at] = line.split(' ');
      return { what, id: Number(id), at: Number(at) };
    });
}

function ends(log: string): number[] {
  return lines(log).flatMap(({ what, id }) => (what === 'end' ? [id] : []));
}

async function until(isTrue: () => boolean, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs;
  while (!isTrue() && Date.now() < end) await sleep(GLANCE_MS);
}
