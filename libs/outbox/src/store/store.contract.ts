import { describe } from 'vitest';
import { appendContract } from './append.contract.js';
import { claimContract } from './claim.contract.js';
import { deadLetterContract } from './dead-letters.contract.js';
import type { StoreHarness } from './scene.contract.js';
import { hostContract } from './host.contract.js';
import { settleContract } from './settle.contract.js';
import { upkeepContract } from './upkeep.contract.js';
import { transactContract } from './transact.contract.js';

export type { StoreBench, StoreHarness, TestTransaction } from './scene.contract.js';

/**
 * What every store promises, as tests: run it with `storeContract('sqlite', { fresh: async () => ... })`. Each test has data of its own.
 *
 * The names in brackets beside a test, such as IF26, are cases of the system this one comes from.
 */
export function storeContract(name: string, harness: StoreHarness): void {
  describe(`the ${name} store`, () => {
    appendContract(harness);
    claimContract(harness);
    settleContract(harness);
    hostContract(harness);
    deadLetterContract(harness);
    upkeepContract(harness);
    transactContract(harness);
  });
}
