import { describe, expect, it } from 'vitest';
import { KINDS, PLACES } from './fixtures/places.js';
import { measure } from './fixtures/measure.js';

const MB = 1_048_576;

describe.each(KINDS)('an application on %s', (kind) => {
  it('needs no more memory after a hundred thousand messages than after ten thousand', async () => {
    const { heapBefore, heapAfter, residentBefore, residentAfter } = await measure({
      place: PLACES[kind](),
      what: 'memory',
      messages: 100_000,
    });
    expect((heapAfter - heapBefore) / MB).toBeLessThan(4);
    // The kernel takes back late what the process has let go.
    expect((residentAfter - residentBefore) / MB).toBeLessThan(64);
  });

  it('that has nothing to do takes next to nothing of a core', async () => {
    const { share } = await measure({ place: PLACES[kind](), what: 'idle', messages: 100, idleMs: 3_000 });
    // The full dose says how much; here it is that it does not go round in circles.
    expect(share).toBeLessThan(0.2);
  });
});
