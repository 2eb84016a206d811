import { createHash } from 'node:crypto';
import { setTimeout as passed } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Card } from './order.js';

const ANSWERS_AFTER_MS = 150;

/** After how many attempts a card is good. */
const DECLINES: Readonly<Record<Card, number>> = { good: 0, 'declined-twice': 2, declined: Infinity };

export type BankAnswer =
  { readonly isDeclined: true; readonly reason: string } | { readonly isDeclined: false; readonly receipt: string };

/**
 * The bank of this demo, which lives in it and moves no money. It takes its time, as banks do.
 *
 * Like a real one it knows by a key what it was asked before: the same key gives the same answer, with the same receipt, and one charge.
 */
@Injectable()
export class Bank {
  /** @throws (rejects) AbortError */
  async charge(
    { card, attempt }: { readonly card: Card; readonly attempt: number },
    key: string,
    signal: AbortSignal,
  ): Promise<BankAnswer> {
    await passed(ANSWERS_AFTER_MS, undefined, { signal });
    if (attempt <= DECLINES[card]) return { isDeclined: true, reason: 'insufficient funds' };
    return { isDeclined: false, receipt: receiptFor(key) };
  }

  /** @throws (rejects) AbortError */
  async refund(_cents: number, key: string, signal: AbortSignal): Promise<string> {
    await passed(ANSWERS_AFTER_MS, undefined, { signal });
    return receiptFor(key);
  }
}

function receiptFor(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}
