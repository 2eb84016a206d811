import type { Appended, NewMessage } from '../store/store.js';

/** How many messages of several callers share a commit at most; one caller's are never parted. */
const MOST_MESSAGES = 2_000;

interface Waiting {
  readonly messages: readonly NewMessage[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Those who append in the same turn of the event loop share one commit, because a commit costs more than a hundred messages.
 *
 * Promises: each caller hears of it when it is committed; the order of the calls is the order of the messages.
 * Does not promise: that one caller's fault harms no other; what fails, fails for the whole group, and nothing of it was written.
 */
export class GroupCommit {
  private waiting: Waiting[] = [];
  private isWriting = false;

  constructor(private readonly write: (messages: readonly NewMessage[]) => Promise<readonly Appended[]>) {}

  append(messages: readonly NewMessage[]): Promise<readonly Appended[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ messages, resolve, reject });
      if (this.isWriting) return;
      this.isWriting = true;
      setImmediate(() => void this.writeAll());
    });
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const group = this.nextGroup();
      try {
        let start = 0;
        const appended = await this.write(group.flatMap(({ messages }) => messages));
        for (const { messages, resolve } of group) resolve(appended.slice(start, (start += messages.length)));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
      // Whoever appends again because it was told just now belongs into the next group, with the others who do.
      await new Promise<void>((next) => void setImmediate(next));
    }
    this.isWriting = false;
  }

  private nextGroup(): readonly Waiting[] {
    let count = 0;
    const end = this.waiting.findIndex(({ messages }, index) => {
      count += messages.length;
      return index > 0 && count > MOST_MESSAGES;
    });
    return this.waiting.splice(0, end === -1 ? this.waiting.length : end);
  }
}
