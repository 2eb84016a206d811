import type { Worker } from 'node:worker_threads';
import type { Duration } from '../lifecycle/duration.js';
import { WaitedTooLongError } from './testing.errors.js';
import { turn, until } from './until.js';

/**
 * Looks at what keeps the process alive; the returned function waits until nothing but that does, and says what else is left.
 *
 * It sees threads, child processes, sockets, timers and other handles. Of these, what is unreferenced keeps nothing alive and does not
 * count, except a thread, which always does. It counts them by type: one that was there before and has ended hides one that is left.
 *
 * @example
 * const nothingLeft = leakCheck();
 * const app = await NestFactory.createApplicationContext(AppModule);
 * await app.close();
 * await nothingLeft();
 */
export function leakCheck(): (limit?: Duration) => Promise<void> {
  const before = alive();
  const threads = new Set<Worker>();
  const note = (thread: Worker): void => {
    threads.add(thread);
    thread.once('exit', () => threads.delete(thread));
  };
  // Node lists no threads among the active resources, and tells of new ones only.
  process.on('worker', note);
  const left = async (): Promise<string[]> => {
    // The timer that brought us here counts until its turn is over.
    await turn();
    const more = [...alive()].map(([type, count]) => [type, count - (before.get(type) ?? 0)] as const);
    return [['Thread', threads.size] as const, ...more].flatMap(([type, count]) =>
      count > 0 ? [`${count} x ${type}`] : [],
    );
  };
  return async (limit = '1s') => {
    try {
      await until(async () => (await left()).length === 0, limit);
    } catch (error) {
      if (!(error instanceof WaitedTooLongError)) throw error;
      throw new WaitedTooLongError(
        error.limitMs,
        `the process to be as idle as it was before. Still alive: ${(await left()).join(', ')}.`,
      );
    } finally {
      process.off('worker', note);
    }
  };
}

/** How many resources of each type keep the process alive; an immediate keeps it for no longer than a turn. */
function alive(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    if (type !== 'Immediate') counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}
