import { ConfigurationError } from '@nestjs-workers/core';
import { expect, it } from 'vitest';
import { Effects } from './effects/effects.decorator.js';
import { application, compiled } from './fixtures/application.js';
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

it('effects of a workflow that is not listed are refused, with where to list it', async () => {
  @Effects('order')
  class OrderEffects {
    handle(): void {}
  }
  const failed: unknown = await application({ workflows: [], providers: [OrderEffects] }).catch(
    (error: unknown) => error,
  );
  expect(failed).toBeInstanceOf(ConfigurationError);
  for (const channel of ['in: Channel "order.effects"', 'out: Channel "order.inputs"'])
    expect((failed as Error).message).toContain(`workers.OrderEffects.${channel} was asked for and is not declared.`);
  expect((failed as Error).message).toContain(
    'List the workflow "order" in WorkflowsModule.forRoot({ workflows: [...] }) or forFeature.',
  );
});
