import type { Appended, NewMessage } from '../store/store.js';
import { Gathering } from './gathering.js';

/** How many messages of several callers share a commit at most; one caller's are never parted. */
const MOST_MESSAGES = 2_000;

/** Appends whose callers share a commit: what fails, fails for the whole group, and nothing of it was written. */
export class GroupCommit {
  private readonly gathering: Gathering<readonly NewMessage[], readonly Appended[]>;

  constructor(write: (messages: readonly NewMessage[]) => Promise<readonly Appended[]>) {
    this.gathering = new Gathering<readonly NewMessage[], readonly Appended[]>(async (group) => {
      let start = 0;
      const appended = await write(group.flat());
      return group.map(({ length }) => ({ type: 'done', result: appended.slice(start, (start += length)) }));
    }, fitting);
  }

  append(messages: readonly NewMessage[]): Promise<readonly Appended[]> {
    return this.gathering.join(messages);
  }
}

function fitting(group: readonly (readonly NewMessage[])[]): number {
  let count = 0;
  const end = group.findIndex(({ length }, index) => {
    count += length;
    return index > 0 && count > MOST_MESSAGES;
  });
  return end === -1 ? group.length : end;
}
