import { HeldClock } from '@nestjs-workers/core/testing';
import { describe, expect, it } from 'vitest';
import { Bell } from './bell.js';

function bell(tell?: () => Promise<void>) {
  const clock = new HeldClock();
  const said: (readonly string[])[] = [];
  const faults: unknown[] = [];
  const told = (channels: readonly string[]): Promise<void> => {
    said.push([clock.now().toString(), ...channels]);
    return tell?.() ?? Promise.resolve();
  };
  return { clock, said, faults, bell: new Bell(told, clock, (error) => faults.push(error)) };
}

describe('a bell', () => {
  it('says the first word at once, and then one in 20 ms with everything that was named', async () => {
    const { clock, said, bell: rung } = bell();
    for (const channel of ['a', 'b', 'a', 'c']) rung.ring(channel);
    expect(said).toEqual([['0', 'a']]);
    await clock.advance(19);
    expect(said).toHaveLength(1);
    await clock.advance(1);
    expect(said).toEqual([
      ['0', 'a'],
      ['20', 'b', 'a', 'c'],
    ]);
  });

  it('is quiet again when nothing was named, and says the next word at once', async () => {
    const { clock, said, bell: rung } = bell();
    rung.ring('a');
    await clock.advance(100);
    expect([said.length, clock.pending]).toEqual([1, 0]);
    rung.ring('a');
    expect(said).toEqual([
      ['0', 'a'],
      ['100', 'a'],
    ]);
  });

  it('says at its stop what it had kept back, and from then on nothing', async () => {
    const { clock, said, bell: rung } = bell();
    rung.ring('a');
    rung.ring('b');
    await rung.stop();
    rung.ring('c');
    await clock.advance('1s');
    expect(said).toEqual([
      ['0', 'a'],
      ['0', 'b'],
    ]);
    expect(clock.pending).toBe(0);
  });

  it('goes on when a word could not be said', async () => {
    const { clock, said, faults, bell: rung } = bell(() => Promise.reject(new Error('no line')));
    rung.ring('a');
    rung.ring('b');
    await clock.advance(20);
    expect([said.length, faults.length]).toEqual([2, 2]);
  });
});
