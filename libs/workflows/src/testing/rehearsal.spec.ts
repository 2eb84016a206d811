import { describe, expect, it } from 'vitest';
import { accept, type Decision, reject } from '../decider/decision.js';
import type { WorkflowDefinition } from '../decider/workflow.js';
import { Workflow } from '../decider/workflow.decorator.js';
import { OrderWorkflow } from '../fixtures/order.js';
import { rehearsal } from './rehearsal.js';

const place = { type: 'place', customer: 'ada', amount: 30 } as const;

describe('a rehearsal', () => {
  it('carries effects out, and decides what they return', async () => {
    const orders = rehearsal(OrderWorkflow).withEffects(({ type }) => ({
      type: type === 'charge' ? 'charged' : 'shipped',
    }));
    await orders.execute('1', place);
    expect(await orders.history('1')).toMatchObject([{ type: 'placed' }, { type: 'paid' }, { type: 'sent' }]);
    expect(orders.performed.map(({ effect }) => effect.type)).toEqual(['charge', 'ship']);
    expect(await orders.execute('1', place)).toEqual({ type: 'already-completed' });
  });

  it('lets a timer happen at its time, and not before (IF69, IF81)', async () => {
    const orders = rehearsal(OrderWorkflow);
    await orders.execute('1', place);
    await orders.skip('14m');
    expect(await orders.state('1')).toMatchObject({ status: 'placed' });
    await orders.skip('1m');
    expect(await orders.state('1')).toEqual({ status: 'cancelled' });
  });

  it('lets no timer happen that was cancelled (IF12, IF81)', async () => {
    const orders = rehearsal(OrderWorkflow).withEffects(({ type }) =>
      type === 'charge' ? { type: 'charged' } : undefined,
    );
    await orders.execute('1', place);
    await orders.skip('30d');
    expect(await orders.state('1')).toMatchObject({ status: 'paid' });
    const beats = rehearsal(Heart);
    for (const input of ['beat', 'stop'] as const) await beats.execute('1', input);
    await beats.skip('30d');
    expect(await beats.state('1')).toBe(2);
  });

  it('waits with what is delayed', async () => {
    let tries = 0;
    const orders = rehearsal(OrderWorkflow, '2026-03-01T12:00:00Z').withEffects(({ type }) =>
      type === 'charge' ? { type: ++tries < 3 ? 'declined' : 'charged' } : undefined,
    );
    await orders.execute('1', place);
    await orders.skip('10m');
    expect(orders.performed.map(({ at, effect }) => [at.toISOString(), effect.type])).toEqual([
      ['2026-03-01T12:00:00.000Z', 'charge'],
      ['2026-03-01T12:01:00.000Z', 'charge'],
      ['2026-03-01T12:02:00.000Z', 'charge'],
      ['2026-03-01T12:02:00.000Z', 'ship'],
    ]);
    expect(orders.now.toISOString()).toBe('2026-03-01T12:10:00.000Z');
  });

  it('goes on with a timer that sets itself again, which its own completion does not kill (IF13)', async () => {
    const beats = rehearsal(Heart);
    await beats.execute('1', 'beat');
    await beats.skip('365d');
    expect(await beats.state('1')).toBe(366);
    await beats.execute('1', 'stop');
    await beats.skip('365d');
    expect(await beats.state('1')).toBe(367);
  });

  it('replaces a timer that is set again, and keeps those of other instances (IF10, IF11, IF75)', async () => {
    const beats = rehearsal(Heart);
    await beats.execute('1', 'beat');
    await beats.execute('2', 'beat');
    await beats.skip('20h');
    await beats.execute('1', 'beat');
    await beats.skip('20h');
    expect([await beats.state('1'), await beats.state('2')]).toEqual([2, 2]);
    await beats.skip('4h');
    expect([await beats.state('1'), await beats.state('2')]).toEqual([3, 2]);
  });

  it('loses nothing of what is due at the same time', async () => {
    const orders = rehearsal(OrderWorkflow).withEffects(() => ({ type: 'declined' }));
    await orders.execute('1', place);
    await orders.skip('15m');
    expect(await orders.state('1')).toEqual({ status: 'cancelled' });
    expect(orders.performed.length).toBeGreaterThan(14);
  });

  it('takes a timer away whose input was rejected', async () => {
    @Workflow('deaf')
    class Deaf implements WorkflowDefinition<number, 'begin' | 'late', 'begun', never, 'deaf'> {
      initial(): number {
        return 0;
      }
      evolve(state: number): number {
        return state + 1;
      }
      decide(_state: number, input: 'begin' | 'late'): Decision<'begun', never, 'begin' | 'late', 'deaf'> {
        return input === 'late' ? reject('deaf') : accept('begun').timer('t', '1s', 'late');
      }
    }
    const deaf = rehearsal(Deaf);
    await deaf.execute('1', 'begin');
    await deaf.skip('1d');
    expect(await deaf.state('1')).toBe(1);
  });
});

type Beat = 'beat' | 'stop';

@Workflow('heart')
class Heart implements WorkflowDefinition<number, Beat, Beat> {
  initial(): number {
    return 0;
  }
  evolve(state: number, _event: Beat): number {
    return state + 1;
  }
  decide(_state: number, input: Beat): Decision<Beat, never, Beat> {
    const decided = accept(input);
    return input === 'stop' ? decided.cancelTimer('beat') : decided.timer('beat', '1d', 'beat');
  }
}
