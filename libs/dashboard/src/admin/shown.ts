import type { Peeked, Redact } from '@nestjs-workers/core';

/** A message that waits, as it may be shown: without `redact` neither its payload nor its headers are. */
export interface Shown {
  readonly id: string;
  readonly attempt: number;
  readonly waitedMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: unknown;
}

export function shown({ id, attempt, waitedMs, headers, payload }: Peeked, redact: Redact | undefined): Shown {
  const envelope = { id, attempt, waitedMs };
  return redact === undefined ? envelope : { ...envelope, headers, payload: redact(payload, { messageId: id }) };
}
