/** Who waits for which signal. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `listener` once, when `signal` aborts; the returned function takes it back. It must not throw.
 *
 * However many wait for one signal, the signal has one listener: Node takes more than ten for a leak and warns of it, and many
 * requests under one signal are none. When nobody waits any more it has none.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const all = waiting.get(signal) ?? listening(signal);
  all.add(listener);
  return () => {
    if (!all.delete(listener) || all.size > 0) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', tellAll);
  };
}

function listening(signal: AbortSignal): Set<() => void> {
  const all = new Set<() => void>();
  waiting.set(signal, all);
  signal.addEventListener('abort', tellAll);
  return all;
}

/** One that is taken back meanwhile is not called. */
function tellAll(this: AbortSignal): void {
  const all = waiting.get(this);
  waiting.delete(this);
  this.removeEventListener('abort', tellAll);
  for (const listener of all ?? []) {
    all?.delete(listener);
    listener();
  }
}
