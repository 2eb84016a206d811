/**
 * What every peer of the suite `workflows` is brought to: accounts that are paid into. To pay is to decide on what the account is, and to
 * commit an event and an effect together.
 *
 * Promises that of two payments to one account that are made at the same time none is lost.
 */
export interface Accounts {
  /** Resolves when `events` payments are committed, in one decision, with one effect. */
  pay(account: string, events: number): Promise<unknown>;
  close(): Promise<unknown>;
}

export type OpenAccounts = () => Promise<Accounts>;
