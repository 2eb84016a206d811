import type { ChannelDeclaration, Headers } from '@nestjs-workers/core';
import type { HostPart, Sending } from '@nestjs-workers/core/extension';
import type { Whereabouts } from '../store/whereabouts.js';
import { revived } from './revived.js';

/** Under this name the outbox of an application answers what is asked inside its isolates. */
export const PART = 'outbox';

/** What is asked there, each as data that can cross. */
export type Asked =
  | readonly ['store']
  /** The payloads are packed, as JSON texts. */
  | readonly ['messages', channel: string, payloads: readonly string[], headers: Headers | undefined, sending: Sending]
  /** They were written in a transaction whose commit is not seen, and are looked for. */
  | readonly ['look for', channels: readonly string[]]
  | readonly ['wake', channel: string]
  /** The payload of `retryWith` is packed as well. */
  | readonly ['letters', verb: LetterVerb, given: readonly unknown[]];

/** The answer to `store`. */
export interface StoreAnswer {
  readonly kind: string;
  readonly whereabouts: Whereabouts | undefined;
}

export const LETTER_VERBS = ['find', 'count', 'retry', 'retryAll', 'retryWith', 'discard', 'discardAll'] as const;
export type LetterVerb = (typeof LETTER_VERBS)[number];

/** @throws (rejects) what the host refused it with */
export async function ask(part: HostPart, asked: Asked): Promise<unknown> {
  try {
    return await part.answer(asked);
  } catch (error) {
    throw revived(error);
  }
}

/** A declaration cannot cross; its name can. */
export function nameOf(channel: ChannelDeclaration | string): string {
  return typeof channel === 'string' ? channel : channel.name;
}
