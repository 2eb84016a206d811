import { describe, expect, it } from 'vitest';
import { lives, withoutLastWords } from '../support/isolates.js';
import { kill } from './fixtures/killing.js';

withoutLastWords();

/** The full dose is `node scripts/kills.mjs`: 1,000 kills under 20,000 requests. */
const KILLS = 6;
const REQUESTS = 600;

describe.each(['thread', 'process'] as const)('of isolates that are killed at random, each a %s', (kind) => {
  it('every request settles once, with its value or as lost; no slot, process or handle is left behind', async () => {
    const toll = await kill({ kind, kills: KILLS, requests: REQUESTS });
    const lost = toll.errors['ISOLATE_CRASHED'] ?? 0;
    expect(toll).toMatchObject({ kills: KILLS, wrong: [], inFlight: 0, idle: 3, done: toll.values, lost });
    expect(toll.asked).toBeGreaterThanOrEqual(REQUESTS);
    expect(toll.values + lost).toBe(toll.asked);
    expect(Object.keys(toll.errors)).toEqual(['ISOLATE_CRASHED']);
    expect([...toll.pids].filter(lives)).toEqual([]);
  }, 60_000);
});
