import type { Claimed, Settlement } from '../../libs/outbox/src/store/store.js';
import type { MemoryStore } from '../../libs/outbox/src/testing/memory.store.js';
import type { MemoryMessage } from '../../libs/outbox/src/testing/memory/memory.message.js';

/** A law was broken. */
export class BrokenLaw extends Error {
  override name = 'BrokenLaw';
}

export function law(isKept: boolean, broken: () => string): void {
  if (!isKept) throw new BrokenLaw(broken());
}

/** What is true, read from the store's own tables and from what was done to them, whatever the hosts were told. */
export class Ledger {
  /** Every message that was ever committed. */
  readonly seen = new Map<number, MemoryMessage>();
  readonly labels = new Set<string>();
  /** Labels of transactions that were rolled back. */
  readonly undone = new Set<string>();
  /** Which came first: that a message was committed, or that another one was claimed. */
  private readonly order = new Map<string, number>();
  /** What was written, by id and claim. */
  private readonly written = new Map<string, Settlement>();

  constructor(private readonly store: MemoryStore) {}

  /** Notes what came into the tables. */
  look(): void {
    for (const [id, message] of this.tables['messages']) {
      if (this.seen.has(id)) continue;
      this.seen.set(id, message);
      this.order.set(`${id}`, this.order.size);
      this.labels.add(labelOf(message));
    }
  }

  claimed(claimed: readonly Claimed[]): void {
    this.look();
    for (const { id, claim } of claimed) this.order.set(`${id}:${claim}`, this.order.size);
  }

  /** A message of the same key that should have come before this claim, and is not at its end. */
  before(id: number, claim: number): MemoryMessage | undefined {
    const { key, channel } = this.message(id);
    if (key === null) return undefined;
    const claimedAt = this.order.get(`${id}:${claim}`) ?? 0;
    return this.open.find(
      (other) =>
        other.key === key &&
        other.channel === channel &&
        other.id < id &&
        (this.order.get(`${other.id}`) ?? Infinity) < claimedAt,
    );
  }

  wrote(settlements: readonly Settlement[], fenced: readonly number[]): void {
    for (const settlement of settlements) {
      const key = `${settlement.id}:${settlement.claim}`;
      if (fenced.includes(settlement.id)) continue;
      law(!this.written.has(key), () => `the claim ${key} was settled twice`);
      this.written.set(key, settlement);
    }
  }

  isWritten({ id, claim }: Settlement): boolean {
    return this.written.has(`${id}:${claim}`);
  }

  message(id: number): MemoryMessage {
    const message = this.seen.get(id);
    if (message === undefined) throw new BrokenLaw(`message ${id} was handled and never committed`);
    return message;
  }

  /** Whether `host` holds this claim of this message. */
  isHeld(id: number, claim: number, seats: ReadonlySet<number>): boolean {
    const { place, claim: present } = this.message(id);
    return place.type === 'claimed' && present === claim && seats.has(place.host);
  }

  isSeated(host: number): boolean {
    return this.tables.hosts.get(host)?.state === 'seated';
  }

  /** What waits, or is in somebody's hands. */
  get open(): MemoryMessage[] {
    return [...this.seen.values()].filter(({ place }) => place.type !== 'gone' && place.type !== 'dead');
  }

  /** What is gone was done or has expired, once; and what was done left what it routes, once. */
  balance(routes: ReadonlyMap<string, string>): void {
    const ends = [...this.written.values()].filter(
      ({ type }) => type === 'done' || type === 'expire' || type === 'bury',
    );
    for (const [id, message] of this.seen) {
      const own = ends.filter((settlement) => settlement.id === id);
      law(own.length <= 1, () => `message ${id} came to ${own.length} ends`);
      if (message.place.type === 'gone') law(own.length === 1, () => `message ${id} is gone and nobody settled it`);
    }
    const children = new Map<string, number>();
    for (const message of this.seen.values()) children.set(labelOf(message), (children.get(labelOf(message)) ?? 0) + 1);
    for (const settlement of ends) {
      const message = this.message(settlement.id);
      if (!routes.has(message.channel)) continue;
      const expected = settlement.type === 'done' ? 1 : 0;
      const found = children.get(`${labelOf(message)}>`) ?? 0;
      law(found === expected, () => `message ${message.id} was ${settlement.type} and routed ${found} times`);
    }
  }

  private get tables() {
    return this.store['tables'];
  }
}

export function labelOf({ payload }: { readonly payload: string }): string {
  return /"label":"([^"]+)"/.exec(payload)?.[1] ?? payload;
}
