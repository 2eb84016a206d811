/** What a card does in this demo, as the test cards of a real bank do. */
export const CARDS = ['good', 'declined-twice', 'declined'] as const;

export type Card = (typeof CARDS)[number];

/** What was ordered. */
export interface Bill {
  readonly prints: number;
  readonly cents: number;
  readonly card: Card;
  /** From when it was placed. */
  readonly payWithinMs: number;
}

/**
 * An order of prints.
 *
 * ```
 * new -> charging <-> declined -> cancelled
 *           |  \-> cancelling -> cancelled, or refunding -> cancelled
 *           v
 *          paid -> shipped
 * ```
 *
 * Invariant: in `charging` and `cancelling` the bank has been asked and has not answered; what it answers is always decided.
 */
export type Order =
  | { readonly status: 'new' }
  | (Bill & {
      readonly status: 'charging' | 'declined' | 'cancelling' | 'refunding' | 'paid' | 'shipped' | 'cancelled';
      /** How often the card was declined. */
      readonly declines: number;
    });

export type OrderInput =
  | (Omit<Bill, 'cents'> & { readonly type: 'place' })
  | { readonly type: 'charged'; readonly receipt: string }
  | { readonly type: 'declined'; readonly reason: string }
  | { readonly type: 'retry' }
  | { readonly type: 'expire' }
  | { readonly type: 'refunded' }
  | { readonly type: 'shipped'; readonly parcel: string };

export type OrderEvent =
  | (Bill & { readonly type: 'placed' })
  | { readonly type: 'paid'; readonly receipt: string }
  | { readonly type: 'declined'; readonly reason: string }
  | { readonly type: 'asked-again' }
  | { readonly type: 'expired' }
  | { readonly type: 'refunded' }
  | { readonly type: 'shipped'; readonly parcel: string };

export type OrderEffect =
  | { readonly type: 'charge'; readonly card: Card; readonly cents: number; readonly attempt: number }
  | { readonly type: 'refund'; readonly cents: number }
  | { readonly type: 'ship'; readonly prints: number };

export type OrderRejection = 'placed already' | 'out of turn';
