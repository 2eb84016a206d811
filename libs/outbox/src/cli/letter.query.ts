import { type CommandOptions, type Given, harmless, UsageError } from '@nestjs-workers/core/cli';
import { shown, suggestion, toMs } from '@nestjs-workers/core/plain';
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../store/dead.letter.reason.js';
import type { DeadLetterQuery, Store } from '../store/store.js';

/** How a command is told which dead letters it is about. */
export const QUERY_OPTIONS: CommandOptions = {
  channel: { value: 'name', about: 'Only those of this channel.' },
  reason: { value: 'reason', about: 'Only those that died for this reason.' },
  since: { value: 'when', about: 'Only those dead since then: 2h, 1d, or a date such as 2030-01-31T12:00Z.' },
};

/** @throws UsageError */
export function queryOf(given: Given, nowMs = Date.now()): DeadLetterQuery {
  const [channel, reason, since] = ['channel', 'reason', 'since'].map((option) => given.text(option));
  return {
    ...(channel === undefined ? {} : { channel }),
    ...(reason === undefined ? {} : { reason: reasonOf(reason) }),
    ...(since === undefined ? {} : { sinceMs: sinceOf(since, nowMs) }),
  };
}

function reasonOf(text: string): DeadLetterReason {
  const reason = DEAD_LETTER_REASONS.find((one) => one === text);
  if (reason !== undefined) return reason;
  throw new UsageError(`--reason: expected a reason, got "${text}".${suggestion(text, DEAD_LETTER_REASONS)}`);
}

function sinceOf(text: string, nowMs: number): number {
  const agoMs = toMs(text);
  const ms = agoMs === undefined ? Date.parse(text) : nowMs - agoMs;
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(`--since: expected a duration such as 2h, or a date, got ${shown(text)}.`);
}

/** What is said when nothing was found: the slip of the hand is most often in the channel's name. */
export async function nothingFound(store: Store, { channel }: DeadLetterQuery): Promise<string> {
  if (channel === undefined) return 'No dead letters.';
  const stats = await store.stats();
  const others = Object.keys(stats).filter((name) => (stats[name]?.dead ?? 0) > 0);
  if (others.includes(channel)) return `No such dead letters in channel "${harmless(channel)}".`;
  return harmless(`No dead letters in channel "${channel}".${suggestion(channel, others)}`);
}
