import { describe, expect, it } from 'vitest';
import { message } from './fixtures/opened.js';
import { PendingPuts } from './pending.puts.js';

const sender = { admitted: () => {}, refused: () => {} };

function waiting(...names: string[]): PendingPuts<string> {
  const puts = new PendingPuts<string>(4);
  for (const [putAt, name] of names.entries())
    puts.push({ message: message(name, undefined, putAt), sender: name.startsWith('block') ? sender : undefined });
  return puts;
}

function namesOf(puts: PendingPuts<string>): string[] {
  const names: string[] = [];
  for (let put = puts.shift(); put !== undefined; put = puts.shift()) names.push(put.message.payload);
  return names;
}

describe('pending puts', () => {
  it('are full at their limit, whether a sender waits or not', () => {
    const puts = waiting('async 1', 'block 1', 'async 2');
    expect(puts.isFull).toBe(false);
    puts.push({ message: message('block 2'), sender });
    expect([puts.isFull, puts.size]).toEqual([true, 4]);
  });

  it('let the first one pass that is admitted; the others keep their order', () => {
    const puts = waiting('a', 'b', 'c');
    expect(puts.take(({ payload }) => payload !== 'a')?.message.payload).toBe('b');
    expect(puts.take(() => false)).toBeUndefined();
    expect(puts.oldestPutAt()).toBe(0);
    expect(namesOf(puts)).toEqual(['a', 'c']);
  });

  it('give back every put whose sender waits, in order; what was accepted stays, in order', () => {
    const puts = waiting('block 1', 'async 1', 'block 2', 'async 2');
    expect(puts.takeSenders().map((put) => put.message.payload)).toEqual(['block 1', 'block 2']);
    expect(namesOf(puts)).toEqual(['async 1', 'async 2']);
  });
});
