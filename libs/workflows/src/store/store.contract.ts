import { describe } from 'vitest';
import { commitContract } from './commit.contract.js';
import { instanceContract } from './instance.contract.js';
import { logContract } from './log.contract.js';
import { modelContract } from './model.contract.js';
import type { WorkflowHarness } from './scene.contract.js';
import { timerContract } from './timer.contract.js';

export type { WorkflowBench, WorkflowHarness } from './scene.contract.js';

/**
 * What every workflow store promises, as tests: run it with `describeWorkflowStore('sqlite', { fresh: async () => ... })`. Each test has
 * data of its own.
 *
 * The names in comments beside a test, such as IF13, are cases of the system this one comes from.
 */
export function describeWorkflowStore(name: string, harness: WorkflowHarness): void {
  describe(`the ${name} workflow store`, () => {
    commitContract(harness);
    timerContract(harness);
    instanceContract(harness);
    logContract(harness);
    modelContract(harness);
  });
}
