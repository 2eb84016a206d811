import { ConfigurationError, type Headers } from '@nestjs-workers/core';
import { BUILT_IN_ERRORS, Packing, type Sending, shown, toMs } from '@nestjs-workers/core/extension';
import type { DeadLetterReason } from '../store/dead.letter.reason.js';
import type { Claimed, NewMessage } from '../store/store.js';
import type { ResolvedDurableOptions } from './durable.options.js';

/** What is to be written, before it has the form of a store. */
export interface Draft {
  readonly payload: unknown;
  readonly headers?: Headers | undefined;
  readonly sending?: Sending | undefined;
  /** The key that the channel's worker gives it, where the sender gives none. */
  readonly key?: string | undefined;
  readonly expiresMs?: number | undefined;
  readonly wantsResult?: boolean;
}

/** What is recorded of a dead letter for those who wait for its outcome. */
export interface Burial {
  readonly reason: DeadLetterReason;
  /** What it failed with last. */
  readonly cause: unknown;
}

/**
 * How the messages of one channel are written into a store and read again.
 *
 * Promises: the same values come out that went in, or `write` refuses them and names the path; nothing is changed on the way.
 */
export class Envelope {
  private readonly packing: Packing;

  constructor(
    private readonly channel: string,
    { payload }: ResolvedDurableOptions,
  ) {
    this.packing = new Packing(
      'json',
      BUILT_IN_ERRORS,
      typeof payload === 'function' ? (payload as new () => object) : undefined,
    );
  }

  /** @throws NotPortableError, ConfigurationError when what the sender says makes no sense */
  write({ payload, headers, sending = {}, key, expiresMs, wantsResult = false }: Draft): NewMessage {
    const checked = this.checked(sending);
    const hasHeaders = headers !== undefined && Object.keys(headers).length > 0;
    return {
      channel: this.channel,
      payload: this.text(this.packing.payload(payload)),
      headers: hasHeaders ? JSON.stringify(headers) : null,
      key: checked.key ?? key ?? null,
      priority: checked.priority,
      delayMs: checked.delayMs,
      atMs: checked.atMs,
      expiresMs: expiresMs === undefined ? null : Math.max(0, Math.round(expiresMs)),
      wantsResult,
      deduplicate: checked.deduplicate,
    };
  }

  /** @throws UnreadableError, SyntaxError when what lies there was not written by `write` */
  read({ payload, headers }: Pick<Claimed, 'payload' | 'headers'>): { payload: unknown; headers: Headers | undefined } {
    return {
      payload: this.packing.unpack(JSON.parse(payload)),
      headers: headers === null ? undefined : (JSON.parse(headers) as Headers),
    };
  }

  /** @throws NotPortableError */
  writeResult(value: unknown): string {
    return this.text(this.packing.result(value));
  }

  readResult(text: string | null): unknown {
    return text === null ? undefined : this.packing.unpack(JSON.parse(text));
  }

  writeBurial({ reason, cause }: Burial): string {
    return this.text({ reason, cause: this.packing.thrown(cause) });
  }

  /** Whoever finds a message whose hosts have died writes nothing: then that is the reason. */
  readBurial(text: string | null): Burial {
    if (text === null) return { reason: 'crashed', cause: undefined };
    const { reason, cause } = JSON.parse(text) as Burial;
    return { reason, cause: this.packing.unpack(cause) };
  }

  private text(packed: unknown): string {
    return JSON.stringify(packed) ?? 'null';
  }

  private checked({ delay, at, priority, key, deduplicate }: Sending) {
    const problems: string[] = [];
    const where = `channel "${this.channel}"`;
    const delayMs = delay === undefined ? null : (toMs(delay) ?? NaN);
    if (Number.isNaN(delayMs)) problems.push(`${where}, delay: expected a duration, got ${shown(delay)}.`);
    const atMs = at === undefined ? null : at instanceof Date ? at.getTime() : NaN;
    if (Number.isNaN(atMs)) problems.push(`${where}, at: expected a valid Date, got ${shown(at)}.`);
    if (delay !== undefined && at !== undefined)
      problems.push(`${where}: expected delay or at, got both. Keep one of them.`);
    if (priority !== undefined && !(Number.isInteger(priority) && priority >= -9 && priority <= 9))
      problems.push(`${where}, priority: expected an integer from -9 to 9, got ${shown(priority)}.`);
    if (priority !== undefined && key !== undefined)
      problems.push(
        `${where}, priority: has no effect on a message with a key, whose turn its key decides. Remove it.`,
      );
    if (key !== undefined && !isName(key)) problems.push(`${where}, key: expected a text, got ${shown(key)}.`);
    const windowMs = deduplicate === undefined ? undefined : toMs(deduplicate.window);
    if (deduplicate !== undefined && (!isName(deduplicate.key) || windowMs === undefined))
      problems.push(
        `${where}, deduplicate: expected { key, window } with a text and a duration, got ${shown(deduplicate)}.`,
      );
    if (problems.length > 0) throw new ConfigurationError(problems);
    return {
      delayMs,
      atMs,
      key,
      priority: priority ?? 0,
      deduplicate: deduplicate === undefined ? null : { key: deduplicate.key, windowMs: windowMs as number },
    };
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** A text that every database keeps as it is. */
function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !value.includes('\u0000') && !LONE_SURROGATE.test(value);
}
