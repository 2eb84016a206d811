import type { DeadLetter, DeadLetterQuery, DeadLetterStore } from '../../store/store.js';
import type { MemoryMessage, Place } from './memory.message.js';
import type { MemoryTables } from './memory.tables.js';

export class MemoryDeadLetters implements DeadLetterStore {
  constructor(private readonly tables: MemoryTables) {}

  async find(
    query: DeadLetterQuery,
    { limit, before }: { readonly limit: number; readonly before?: number },
  ): Promise<readonly DeadLetter[]> {
    const all = this.matching(query).toSorted((one, other) => graveOf(other).order - graveOf(one).order);
    // One that is dead no more is found at no index, and the page is the first again.
    const start = all.findIndex(({ id }) => id === before) + 1;
    return all.slice(start, start + limit).map((message) => letterOf(message));
  }

  async count(query: DeadLetterQuery): Promise<number> {
    return this.matching(query).length;
  }

  async retry(query: DeadLetterQuery): Promise<readonly number[]> {
    return this.matching(query).map((message) => {
      this.tables.revive(message, message.payload);
      return message.id;
    });
  }

  async retryWith(id: number, payload: string): Promise<boolean> {
    const [message] = this.matching({ ids: [id] });
    if (message !== undefined) this.tables.revive(message, payload);
    return message !== undefined;
  }

  async discard(query: DeadLetterQuery): Promise<readonly number[]> {
    return this.matching(query).map((message) => {
      this.tables.discard(message);
      return message.id;
    });
  }

  private matching(query: DeadLetterQuery): MemoryMessage[] {
    return [...this.tables.dead].filter((message) => isMatch(letterOf(message), query));
  }
}

function isMatch(letter: DeadLetter, { channel, ids, reason, sinceMs, untilMs }: DeadLetterQuery): boolean {
  return (
    (channel === undefined || letter.channel === channel) &&
    (ids === undefined || ids.includes(letter.id)) &&
    (reason === undefined || letter.reason === reason) &&
    letter.deadAtMs >= (sinceMs ?? -Infinity) &&
    letter.deadAtMs <= (untilMs ?? Infinity)
  );
}

function letterOf(message: MemoryMessage): DeadLetter {
  const { atMs, reason } = graveOf(message);
  return message.toDeadLetter(atMs, reason);
}

function graveOf({ id, place }: MemoryMessage): Extract<Place, { readonly type: 'dead' }> {
  if (place.type === 'dead') return place;
  throw new Error(`Message ${id} is ${place.type} and stands among the dead.`);
}
