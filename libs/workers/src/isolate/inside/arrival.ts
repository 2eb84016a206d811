import { performance } from 'node:perf_hooks';
import { type Headers, type Message, NamedMessage, StoredMessage } from '../../message/message.js';
import type { ReplyAddress } from '../../message/reply.address.js';
import type { WireStored } from '../protocol.js';

/** A message as it is in here. How long it waited in the host is the host's to know. */
export function arrived(
  payload: unknown,
  headers: Headers | undefined,
  reply: ReplyAddress | undefined,
  id: string,
  attempt: number,
  stored: WireStored | undefined,
): Message {
  const now = performance.now();
  if (stored === undefined) return new NamedMessage(payload, now, headers, reply, id, attempt);
  const [createdAtMs, idempotencyKey] = stored;
  return new StoredMessage(payload, now, headers, reply, id, attempt, { createdAtMs, idempotencyKey });
}
