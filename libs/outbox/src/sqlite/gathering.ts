/** What became of one who joined: the commit as a whole succeeded. */
export type Share<R> =
  { readonly type: 'done'; readonly result: R } | { readonly type: 'failed'; readonly error: unknown };

interface Waiting<T, R> {
  readonly wish: T;
  readonly resolve: (result: R) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Who comes in the same turn of the event loop shares one commit, because a commit costs more than a hundred messages.
 *
 * Promises: each hears of it when it is committed; the order of the calls is the order in the commit; one commit at a time.
 * Does not promise: that a commit that fails as a whole harms only one; all who shared it hear the fault, and nothing was written.
 */
export class Gathering<T, R> {
  private waiting: Waiting<T, R>[] = [];
  private isWriting = false;

  constructor(
    /** Writes the wishes in one commit, and gives a share for each. */
    private readonly commit: (wishes: readonly T[]) => Promise<readonly Share<R>[]>,
    /** How many of those who wait, from the first on, go into the next commit; one at least. */
    private readonly fitting: (wishes: readonly T[]) => number,
  ) {}

  join(wish: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ wish, resolve, reject });
      if (this.isWriting) return;
      this.isWriting = true;
      setImmediate(() => void this.writeAll());
    });
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, this.fitting(this.waiting.map(({ wish }) => wish)));
      try {
        const shares = await this.commit(group.map(({ wish }) => wish));
        for (const [at, share] of shares.entries()) tell(group[at] as Waiting<T, R>, share);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
      // Whoever comes again because it was told just now belongs into the next group, with the others who do.
      await new Promise<void>((next) => void setImmediate(next));
    }
    this.isWriting = false;
  }
}

function tell<T, R>({ resolve, reject }: Waiting<T, R>, share: Share<R>): void {
  if (share.type === 'done') resolve(share.result);
  else reject(share.error);
}
