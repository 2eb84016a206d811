import { expect, it } from 'vitest';
import { application } from '../fixtures/application.js';
import { OrderWorkflow } from '../fixtures/order.js';

it('draws what instances have gone through: states, inputs and events, and how often', async () => {
  const { workflows } = await application({ workflows: [OrderWorkflow] });
  for (const id of ['1', '2']) {
    await workflows.execute(OrderWorkflow, id, { type: 'place', customer: id, amount: 1 });
    await workflows.execute(OrderWorkflow, id, { type: 'declined' });
  }
  await workflows.execute(OrderWorkflow, '1', { type: 'expire' });
  expect(await workflows.diagram(OrderWorkflow)).toBe(
    [
      'stateDiagram-v2',
      '  state "new" as s1',
      '  state "placed" as s2',
      '  state "cancelled" as s3',
      '  [*] --> s1: (2)',
      '  s1 --> s2: place / placed (2)',
      '  s2 --> s2: declined / declined (2)',
      '  s2 --> s3: expire / cancelled',
      '  s3 --> [*]',
    ].join('\n'),
  );
  expect(await workflows.diagram('order', { id: '2' })).not.toContain('cancelled');
});
