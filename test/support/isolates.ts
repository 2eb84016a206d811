import { readFileSync } from 'node:fs';
import { type DispatchPlan, inProcess, inThread, type ProcessOptions, type ThreadOptions } from '@nestjs-workers/core';
import { afterAll, beforeAll, vi } from 'vitest';
import { until } from '@nestjs-workers/core/testing';
import type { Started } from './application.js';
import { FROM_SOURCES } from './sources.js';

/** A kind of isolate, and how a worker is sent there. Options that only the other kind has are left out. */
export interface Kind {
  readonly kind: string;
  readonly isThread: boolean;
  dispatch(options?: Omit<ThreadOptions, 'spawn' | 'transfer'> & ProcessOptions): DispatchPlan;
  /** Little memory, in the words of this kind. */
  readonly tight: ThreadOptions & ProcessOptions;
}

const execArgv = FROM_SOURCES;

export const THREAD: Kind = {
  kind: 'thread',
  isThread: true,
  dispatch: ({ serializer: _s, middleware: _m, maxMessageBytes: _b, maxHeapMb: _h, ...options } = {}) =>
    inThread({ execArgv, ...options }),
  tight: { resourceLimits: { maxOldGenerationSizeMb: 96 } },
};

export const PROCESS: Kind = {
  kind: 'process',
  isThread: false,
  dispatch: ({ resourceLimits: _r, ...options } = {}) => inProcess({ execArgv, ...options }),
  tight: { maxHeapMb: 96 },
};

export const NAMED: Kind = {
  ...PROCESS,
  kind: 'process at a named socket',
  dispatch: ({ resourceLimits: _r, ...options } = {}) => inProcess({ execArgv, meet: 'named', ...options }),
};

export const KINDS = [THREAD, PROCESS];
export const ALL_KINDS = [THREAD, PROCESS, NAMED];

/** The isolates of `worker`, as the statistics have them. */
export function isolatesOf({ gateway }: Pick<Started, 'gateway'>, worker: string) {
  const stats = gateway.stats();
  return (stats.workers[worker] ?? stats.tickers[worker])?.isolates ?? [];
}

/** Waits until `count` isolates of `worker` live and have nothing to do. */
export async function atRest(started: Pick<Started, 'gateway'>, worker: string, count = 1): Promise<void> {
  const idle = () => isolatesOf(started, worker).filter(({ state }) => state === 'idle').length;
  await until(
    () => idle() === count,
    '15s',
    () => `${count} idle isolates of ${worker}, not ${idle()}`,
  );
}

/** Waits until handlers of `worker` have been entered `count` times since the application's events were cleared. */
export async function entered({ workers }: Pick<Started, 'workers'>, worker: string, count: number): Promise<void> {
  const times = () => workers.events('workers.started').filter((event) => event.worker === worker).length;
  await until(
    () => times() >= count,
    '15s',
    () => `${count} handlers of ${worker} to be entered, not ${times()}`,
  );
}

/** How the isolates have ended since the events were cleared, in words. */
export function endings({ workers }: Pick<Started, 'workers'>): string[] {
  return workers.events('workers.isolate-ended').map(({ ending }) => ending);
}

/** Whether a process with this number lives. One that has ended and that init has not taken note of is gone. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !(process.platform === 'linux' && / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')));
  } catch {
    return false;
  }
}

/** Keeps the last words of what is made to die out of the test run's own. */
export function withoutLastWords(): void {
  beforeAll(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true));
  afterAll(() => void vi.restoreAllMocks());
}
