/**
 * What Node was told to load before the demo, as SDKs of OpenTelemetry are (`node --import ./telemetry.mjs apps/demo/dist/main.js`), for the
 * Node of each isolate: a thread and a process register an SDK of their own.
 */
export function preloaded(execArgv: readonly string[]): readonly string[] {
  return execArgv.flatMap((argument, nth) => {
    if (argument.startsWith('--import=')) return [argument];
    const next = execArgv[nth + 1];
    return argument === '--import' && next !== undefined ? [argument, next] : [];
  });
}
