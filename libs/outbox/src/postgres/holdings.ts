import { StoreUnreachableError } from '../store/store.errors.js';

/**
 * What one host has claimed, as it knows it, and whether that is all.
 *
 * When the connection breaks while a claim is under way, its answer is lost and it may have been committed all the same: the host would
 * hold, for as long as it lives, messages that it has never heard of. So after such a break nothing is claimed before `clear` has compared
 * with the store what is held here.
 */
export class Holdings {
  private readonly held = new Map<number, number>();
  private readonly underWay = new Set<Promise<unknown>>();
  private isDoubtful = false;
  private clearing: Promise<void> | undefined;

  /** @param clear gives back whatever the store has and `held` does not. */
  constructor(private readonly clear: () => Promise<void>) {}

  get all(): readonly { readonly id: number; readonly claim: number }[] {
    return [...this.held].map(([id, claim]) => ({ id, claim }));
  }

  get isSure(): boolean {
    return !this.isDoubtful;
  }

  has(id: number, claim: number): boolean {
    return this.held.get(id) === claim;
  }

  take(claimed: readonly { readonly id: number; readonly claim: number }[]): void {
    for (const { id, claim } of claimed) this.held.set(id, claim);
  }

  drop(settled: readonly { readonly id: number; readonly claim: number }[]): void {
    for (const { id, claim } of settled) if (this.held.get(id) === claim) this.held.delete(id);
  }

  /** Does something that changes what is held; `take` and `drop` are its part. */
  async change<T>(work: () => Promise<T>): Promise<T> {
    while (this.isDoubtful) await (this.clearing ??= this.makeSure());
    const running = work();
    this.underWay.add(running);
    try {
      return await running;
    } catch (error) {
      if (error instanceof StoreUnreachableError) this.doubt();
      throw error;
    } finally {
      this.underWay.delete(running);
    }
  }

  /** A claim failed, and its answer may be what was lost. */
  doubt(): void {
    this.isDoubtful = true;
  }

  /** Until nothing is under way any more. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  private async makeSure(): Promise<void> {
    try {
      await this.rest();
      await this.clear();
      this.isDoubtful = false;
    } finally {
      this.clearing = undefined;
    }
  }
}
