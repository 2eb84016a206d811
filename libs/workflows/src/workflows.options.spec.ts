import { ConfigurationError } from '@nestjs-workers/core';
import { expect, it } from 'vitest';
import { compiled } from './fixtures/application.js';
import { resolveWorkflowsOptions } from './workflows.options.js';

it('the options of the module have these defaults, and what makes no sense is refused', async () => {
  expect(resolveWorkflowsOptions({}, [])).toEqual({
    timerInterval: 1_000,
    timerBatch: 100,
    projectionInterval: 1_000,
  });
  const failed: unknown = await compiled({
    workflows: [],
    options: { timerBatch: 0, timerIntervall: '1s' } as never,
  }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(ConfigurationError);
  expect((failed as Error).message).toMatch(/Did you mean "timerInterval"\?.*timerBatch: expected an integer/s);
});
