import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { following, moved, type Phase, PHASES } from './phase.js';
import { PhaseError } from './socket.errors.js';

const phase = fc.constantFrom(...PHASES);

/** Where an isolate gets that tries these moves one after the other, the refused ones left out. */
function way(asked: readonly Phase[]): Phase[] {
  const taken: Phase[] = ['spawn'];
  for (const to of asked) {
    const from = taken.at(-1) as Phase;
    try {
      taken.push(moved(from, to));
    } catch (error) {
      expect(error).toBeInstanceOf(PhaseError);
    }
  }
  return taken;
}

describe('the phases of an isolate', () => {
  it('follow one another in the order of a life', () => {
    expect(PHASES).toEqual(['spawn', 'connect', 'message', 'shutdown', 'ended']);
    expect(way(PHASES)).toEqual(PHASES);
  });

  it('allow these moves and no others', () => {
    const allowed = PHASES.flatMap((from) => following(from).map((to) => `${from} > ${to}`));
    expect(allowed).toEqual([
      'spawn > connect',
      'spawn > shutdown',
      'connect > message',
      'connect > shutdown',
      'message > connect',
      'message > shutdown',
      'shutdown > ended',
    ]);
    for (const from of PHASES) {
      for (const to of PHASES) {
        if (allowed.includes(`${from} > ${to}`)) expect(moved(from, to)).toBe(to);
        else expect(() => moved(from, to)).toThrow(PhaseError);
      }
    }
  });

  it('are left through one shutdown, and ended for good, whatever is tried', () => {
    fc.assert(
      fc.property(fc.array(phase, { maxLength: 30 }), (asked) => {
        const taken = way(asked);
        const shutdowns = taken.filter((phase) => phase === 'shutdown').length;
        expect(shutdowns).toBeLessThanOrEqual(1);
        if (taken.includes('ended')) expect(taken.slice(-2)).toEqual(['shutdown', 'ended']);
        if (taken.includes('message')) expect(taken[taken.indexOf('message') - 1]).toBe('connect');
      }),
    );
  });

  it('can always come to their end', () => {
    fc.assert(
      fc.property(fc.array(phase, { maxLength: 30 }), (asked) => {
        expect(way([...asked, 'shutdown', 'ended']).at(-1)).toBe('ended');
      }),
    );
  });

  it('say which move was refused, and what may follow', () => {
    const error = expect.objectContaining({
      code: 'PHASE_ILLEGAL',
      from: 'spawn',
      to: 'message',
      allowed: ['connect', 'shutdown'],
    });
    expect(() => moved('spawn', 'message')).toThrow(error);
    expect(() => moved('spawn', 'message')).toThrow(
      /in phase "spawn" was to move to "message"; .* "connect", "shutdown"/,
    );
    expect(() => moved('ended', 'spawn')).toThrow(/it may move to no other/);
  });
});
