import { ConfigurationError } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import { describe, expect, it } from 'vitest';
import { application, compiled } from './fixtures/application.js';
import { OrderWorkflow } from './fixtures/order.js';
import { accept, type Decision, Effects, Workflow, type WorkflowDefinition, Workflows } from './index.js';
import { resolveWorkflowsOptions } from './workflows.options.js';

type Ring = 'set' | 'ring';

class Bell implements WorkflowDefinition<number, Ring, Ring, Ring> {
  initial(): number {
    return 0;
  }
  evolve(state: number, _event: Ring): number {
    return state + 1;
  }
  decide(_state: number, input: Ring): Decision<Ring, Ring, Ring> {
    return input === 'set' ? accept(input).effect(input).timer('bell', 1, 'ring') : accept(input).complete();
  }
}
@Workflow('bell', { effects: { retry: 1 }, inputs: { retry: 2 } })
class BellWorkflow extends Bell {}

describe('the options of the module', () => {
  it('have these defaults, and what makes no sense is refused', async () => {
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

  it('timerInterval: timers that another host set are found no later', async () => {
    const store = memoryStore();
    const idle = await application({ store, workflows: [BellWorkflow], autoStart: false });
    const { decided } = await application({
      store: store.another(),
      workflows: [BellWorkflow],
      options: { timerInterval: 10 },
    });
    await idle.workflows.execute(BellWorkflow, '1', 'set');
    await until(() => decided.some(({ from }) => from === 'timer'));
  });

  it('timerBatch: what is due beside is not forgotten', async () => {
    const { workflows } = await application({
      workflows: [BellWorkflow],
      options: { timerBatch: 1, timerInterval: '1m' },
    });
    for (const id of ['1', '2', '3']) await workflows.execute(BellWorkflow, id, 'set');
    await until(async () => (await workflows.list({ state: 'completed' })).length === 3);
  });
});

describe('the options of a workflow', () => {
  it('effects, inputs: say how both channels try again', async () => {
    let tries = 0;
    @Effects(BellWorkflow)
    class Hands {
      handle(): Ring {
        tries++;
        throw new Error('no hands');
      }
    }
    const { workflows, dead } = await application({ workflows: [BellWorkflow], providers: [Hands] });
    await workflows.execute(BellWorkflow, '1', 'set');
    await until(async () => (await dead.count({ channel: 'bell.effects' })) === 1);
    expect(tries).toBe(1);
  });
});

it('a workflow that nobody named is unknown to the service, and a named one is found by its class', async () => {
  const { app } = await application({ workflows: [OrderWorkflow] });
  await expect(app.get(Workflows).state(BellWorkflow, '1')).rejects.toMatchObject({ code: 'WORKFLOW_UNKNOWN' });
  await expect(app.get(Workflows).state(OrderWorkflow, '1')).resolves.toBeUndefined();
});
