/**
 * Runs `work`, lets the event loop go round, and gives everything that would have ended this process meanwhile: uncaught exceptions
 * and unhandled rejections. The test runner's own listeners stand aside for that long.
 */
export async function unhandledWhile(work: () => unknown): Promise<unknown[]> {
  const caught: unknown[] = [];
  const listen = (error: unknown): void => void caught.push(error);
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const aside = events.map((event) => process.listeners(event as 'uncaughtException'));
  for (const event of events) process.removeAllListeners(event).on(event, listen);
  try {
    await work();
    // RxJS throws what nobody handles from a timer; timers of one length are called in the order in which they were set.
    await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    events.forEach((event, index) => {
      process.removeAllListeners(event);
      for (const listener of aside[index] ?? []) process.on(event as 'uncaughtException', listener);
    });
  }
  return caught;
}
