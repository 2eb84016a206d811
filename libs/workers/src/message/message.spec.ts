import { describe, expect, it } from 'vitest';
import { Message, NamedMessage } from './message.js';

describe('a message', () => {
  it('has an id that no other message of this process has', () => {
    const ids = new Set(Array.from({ length: 1_000 }, () => new Message(1, 0).id));
    expect(ids.size).toBe(1_000);
  });

  it('keeps its id, and the one a store gave it', () => {
    const message = new Message(1, 0);
    expect(message.id).toBe(message.id);
    expect(new NamedMessage(1, 0, undefined, undefined, 'row-7', 3)).toMatchObject({ id: 'row-7', attempt: 3 });
  });

  it('carries no headers, no caller and a first attempt unless it is told', () => {
    const { headers, reply, scope, attempt, payload, putAt } = new Message('work', 12.5);
    expect({ headers, reply, scope, attempt, payload, putAt }).toEqual({
      headers: {},
      reply: undefined,
      scope: undefined,
      attempt: 1,
      payload: 'work',
      putAt: 12.5,
    });
    expect(Object.isFrozen(headers)).toBe(true);
  });

  it('is its own delivery and settles into nothing', () => {
    const message = new Message(1, 0);
    expect([message.message, message.settle()]).toEqual([message, undefined]);
  });
});
