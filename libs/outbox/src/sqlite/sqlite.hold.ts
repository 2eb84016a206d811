import type { SqliteHandle } from './handle.js';

/** Where a hold stands as long as it was not found gone: on its handle, each on one, and one on each. */
const holds = new WeakMap<SqliteHandle, Hold>();
let last = 0;

/**
 * A hold on the transaction that is open on a handle. A connection says whether one is open, and not which; but a savepoint goes with the
 * transaction it was set in, however that ends, and its name is given once.
 *
 * Promises: `letGo` answers true only while that transaction is open; nothing is left behind when all who share the hold have let go.
 * Does not promise: to answer true where a savepoint was released or rolled back to that is older; nor a savepoint of the user's that is
 * younger, when what he added was not awaited before he set it.
 */
export class Hold {
  private readonly savepoint = `nestjs_workers_${++last}`;
  /** How many have it, who may write in no other transaction. */
  private holders = 0;

  private constructor(private readonly handle: SqliteHandle) {}

  /** Takes hold of the transaction that is open on `handle`, together with those who have one on it. */
  static on(handle: SqliteHandle): Hold {
    const shared = holds.get(handle);
    const hold = shared?.lift() === true ? shared : new Hold(handle);
    hold.set();
    hold.holders += 1;
    return hold;
  }

  /** Called once by each who has it; says whether its transaction is still the one that is open. */
  letGo(): boolean {
    this.holders -= 1;
    const isOpen = this.lift();
    if (isOpen && this.holders > 0) this.set();
    return isOpen;
  }

  private set(): void {
    this.handle.exec(`savepoint ${this.savepoint}`);
    holds.set(this.handle, this);
  }

  /** Takes the savepoint away, and says whether it was there: there is no other way to ask for it. */
  private lift(): boolean {
    if (holds.get(this.handle) !== this) return false;
    holds.delete(this.handle);
    try {
      this.handle.exec(`release ${this.savepoint}`);
      return true;
    } catch {
      return false;
    }
  }
}
