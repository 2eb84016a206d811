import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryHarness } from '../testing/fixtures/memory.harness.js';
import { ModelSide } from './model.side.contract.js';
import { steps } from './model.steps.contract.js';
import type { StoreHarness } from './scene.contract.js';

/**
 * Random programs of all verbs, by two hosts: the store answers each of them as the memory store does, its messages lie in the same
 * places, and the books balance.
 */
export function storeModel(
  name: string,
  harness: StoreHarness,
  { runs = 50, timeoutMs = 60_000 }: { readonly runs?: number; readonly timeoutMs?: number } = {},
): void {
  describe(`the ${name} store beside the model`, () => {
    it('answers as the model does, whatever it is asked, and loses nothing', { timeout: timeoutMs }, async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (program) => {
          const [model, side] = [await ModelSide.of(memoryHarness), await ModelSide.of(harness)];
          try {
            for (const [at, step] of program.entries()) {
              const label = `m${at}`;
              const expected = await model.perform(step, label);
              expect({ at, step, found: await side.perform(step, label, expected) }).toEqual({
                at,
                step,
                found: expected,
              });
              expect(await side.books()).toBe('balanced');
            }
          } finally {
            await Promise.all([model.close(), side.close()]);
          }
        }),
        { numRuns: runs },
      );
    });
  });
}
