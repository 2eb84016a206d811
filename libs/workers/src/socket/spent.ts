import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Below this, to wait for the collector costs less. */
const LEAST_BYTES = 128 * 1_024;

let nowhere: MessagePort | undefined;

/**
 * Frees the memory of `bytes` now, if it is worth it. Whoever still holds them finds them empty.
 *
 * Memory of buffers lies outside of the heap and is freed when the garbage is collected; so with large messages the heap is collected
 * for every twenty of them, which takes three times as long as writing them. What is transferred to a port that is closed is gone at once.
 */
export function free({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < LEAST_BYTES || byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return;
  nowhere ??= closedPort();
  nowhere.postMessage(undefined, [buffer]);
}

function closedPort(): MessagePort {
  const { port1 } = new MessageChannel();
  port1.close();
  return port1;
}
