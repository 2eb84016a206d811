/**
 * Computes, and holds the event loop, for `ms` of the process's own time: on a busy machine that is longer by the clock, and what
 * the machine adds is nobody's fault.
 */
export function compute(ms: number): void {
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < ms * 1_000);
}

/** The `code` of the library's errors, the class of any other. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
