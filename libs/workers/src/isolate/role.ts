const ROLE = Symbol.for('nestjs-workers:isolate');

/** Marks this thread or process as an isolate; called before any file of the application is loaded. */
export function becomeIsolate(): void {
  (globalThis as Record<symbol, unknown>)[ROLE] = true;
}

/** Whether this code runs in an isolate, where a `WorkersModule` starts nothing. Known by symbol: two copies of this file agree. */
export function isIsolate(): boolean {
  return (globalThis as Record<symbol, unknown>)[ROLE] === true;
}
