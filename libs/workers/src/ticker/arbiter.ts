/**
 * Says which host may tick: true for one that asks for this due time of this ticker, false for all others.
 *
 * Given by the store of durable channels, or by the application over a lock of its own: `(ticker, dueAtMs) => locks.tryAcquire(...)`. It must
 * remember a due time for longer than clocks differ. When it rejects, the tick is skipped and the fault announced.
 */
export type Arbiter = (ticker: string, dueAtMs: number) => Promise<boolean>;
