/** Has what concerns one instance done one after the other in this process, so that it is in no conflict with itself. */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>();

  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(key);
    const done = before === undefined ? work() : before.then(work, work);
    this.last.set(key, done);
    const leave = (): void => {
      if (this.last.get(key) === done) this.last.delete(key);
    };
    done.then(leave, leave);
    return done;
  }
}
