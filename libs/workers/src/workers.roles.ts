import type { Channel } from './channel/channel.js';
import type { Assembled } from './workers.application.js';
import { suggestion } from './workers.error.js';
import type { RunName, RunOptions } from './workers.options.js';

/** A worker or ticker, as far as it is named in `run`. */
interface Named {
  readonly name: string;
  readonly target: unknown;
}

/** Whether this process runs the worker or ticker; without `only` and `except` it runs everything. */
export function isRunHere({ name, target }: Named, { only, except }: RunOptions): boolean {
  const names = (given: RunName): boolean => given === name || given === target;
  return (only === undefined || only.some(names)) && except?.some(names) !== true;
}

/**
 * Refuses roles that cannot be meant: a name that nobody has, both lists at once, and a worker whose output would wait in this
 * process for a worker that runs elsewhere.
 */
export function checkRoles(run: RunOptions, { workers, tickers }: Assembled, problems: string[]): void {
  const all = [...workers, ...tickers];
  const known = all.map(({ crew }) => crew.name);
  for (const list of ['only', 'except'] as const) {
    for (const given of run[list] ?? []) {
      const isKnown = all.some(({ crew, target }) => given === crew.name || given === target);
      const name = nameOf(given);
      if (!isKnown)
        problems.push(`options.run.${list}: no worker or ticker is called "${name}".${suggestion(name, known)}`);
    }
  }
  if (run.only !== undefined && run.except !== undefined)
    problems.push('options.run: only says what runs and except what does not; give one of them.');
  for (const one of all.filter((one) => one.isHere)) {
    for (const to of [one.out, one.failures]) {
      if (to === undefined || isServed(to, workers)) continue;
      problems.push(
        `options.run: "${one.crew.name}" runs here and puts on channel "${to.name}", which is in memory and whose worker does not run here ` +
          `(${takersOf(to, workers).join(', ')}). Run that one here as well, or make the channel a durable one.`,
      );
    }
  }
}

/** Whether somebody takes from `channel`: a worker here, a process elsewhere, or nobody by design. */
export function isServed(channel: Channel, workers: Assembled['workers']): boolean {
  if (channel.isShared) return true;
  const takers = workers.filter((worker) => worker.in === channel);
  return takers.length === 0 || takers.some(({ isHere }) => isHere);
}

function takersOf(channel: Channel, workers: Assembled['workers']): string[] {
  return workers.filter((worker) => worker.in === channel).map(({ crew }) => crew.name);
}

function nameOf(given: RunName): string {
  return typeof given === 'string' ? given : given.name;
}
