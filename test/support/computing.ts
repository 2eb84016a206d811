import { readFileSync } from 'node:fs';

/**
 * Computes, and holds the event loop, for `ms` for which this thread has a core: on a busy machine that is longer by the clock, and
 * what the machine adds is nobody's fault.
 */
export function compute(ms: number): void {
  const startedAt = onCoreMs();
  let hash = 0;
  while (onCoreMs() - startedAt < ms) for (let n = 0; n < 1_000_000; n++) hash = (hash * 31 + n) | 0;
}

/** How long this thread has had a core, where the kernel says so; elsewhere the clock has to do. */
function onCoreMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ', 1)[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

/** The `code` of the library's errors, the class of any other. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
