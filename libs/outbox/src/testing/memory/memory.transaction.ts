import type { Rows, Transaction } from '../../store/store.js';

/** A transaction of a memory store: what is written inside it appears when it is committed. */
export class MemoryTransaction implements Transaction {
  readonly dialect = 'memory';
  readonly ended: Promise<void>;
  private readonly writes: { readonly commit: () => void; readonly rollback: () => void }[] = [];
  private tellEnd: () => void = () => {};
  isOpen = true;

  /** @param data what it belongs to: the tables of one store */
  constructor(readonly data: object) {
    this.ended = new Promise((resolve) => (this.tellEnd = resolve));
  }

  run(sql: string): Rows {
    throw new TypeError(`A memory transaction was asked to run "${sql}" and knows no SQL.`);
  }

  commit(): void {
    this.end((write) => write.commit());
  }

  rollback(): void {
    this.end((write) => write.rollback());
  }

  /** Something that happens when it is committed, or is taken back. */
  write(commit: () => void, rollback: () => void = () => {}): void {
    this.assertOpen();
    this.writes.push({ commit, rollback });
  }

  private end(each: (write: { readonly commit: () => void; readonly rollback: () => void }) => void): void {
    this.assertOpen();
    this.isOpen = false;
    this.writes.forEach((write) => each(write));
    this.tellEnd();
  }

  private assertOpen(): void {
    if (!this.isOpen)
      throw new Error('This memory transaction was committed or rolled back already. Begin another one.');
  }
}
