import { until } from '@nestjs-workers/core/testing';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import { describe, expect, it } from 'vitest';
import { accept, type Decision, Workflow, type WorkflowDefinition } from '../index.js';
import { application } from '../fixtures/application.js';

type Input = { readonly type: 'set'; readonly after: number } | { readonly type: 'ring' } | { readonly type: 'cancel' };

@Workflow('alarm')
class Alarm implements WorkflowDefinition<readonly string[], Input, string> {
  initial(): readonly string[] {
    return [];
  }
  evolve(state: readonly string[], event: string): readonly string[] {
    return [...state, event];
  }
  decide(_state: readonly string[], input: Input): Decision<string, never, Input> {
    const decided = accept(input.type as string);
    if (input.type === 'set') return decided.timer('bell', input.after, { type: 'ring' });
    return input.type === 'cancel' ? decided.cancelTimer('bell') : decided;
  }
}

describe('a timer', () => {
  it('persists, and is decided when it is due, by whichever host is there (IF9, IF27-29)', async () => {
    const store = memoryStore();
    const first = await application({ store, workflows: [Alarm], autoStart: false });
    await first.workflows.execute(Alarm, '1', { type: 'set', after: 30 });
    expect(await first.workflows.timers(Alarm, '1')).toMatchObject([
      { key: 'bell', input: { type: 'ring' }, isDue: false },
    ]);
    await first.app.close();
    const { workflows, decided } = await application({ store: store.another(), workflows: [Alarm] });
    await until(async () => (await workflows.state(Alarm, '1'))?.version === 2);
    expect(await workflows.timers(Alarm, '1')).toEqual([]);
    expect(decided).toMatchObject([{ from: 'timer', outcome: 'accepted' }]);
  });

  it('happens once, however many hosts look for it', async () => {
    const store = memoryStore();
    const hosts = await Promise.all(
      [store, store.another(), store.another()].map((one) => application({ store: one, workflows: [Alarm] })),
    );
    const [{ workflows }] = hosts as [(typeof hosts)[0]];
    for (let n = 0; n < 20; n++) await workflows.execute(Alarm, `${n}`, { type: 'set', after: 1 });
    await until(() => hosts.flatMap(({ decided }) => decided).filter(({ from }) => from === 'timer').length === 20);
    const histories = await Promise.all(Array.from({ length: 20 }, (_, n) => workflows.history(Alarm, `${n}`)));
    expect(histories.every(({ length }) => length === 2)).toBe(true);
  });

  it('that was cancelled or set again after it had come due does not happen (IF14, IF81)', async () => {
    const store = memoryStore();
    const { workflows, app } = await application({ store, workflows: [Alarm], autoStart: false });
    await workflows.execute(Alarm, '1', { type: 'set', after: 1 });
    const stopped = await application({ store: store.another(), workflows: [], autoStart: true });
    await app.close();
    await stopped.app.close();
    const { workflowStore } = await import('../memory/index.js');
    const { Mail } = await import('../effects/mail.js');
    const mail = new Mail('alarm');
    const raw = workflowStore(store.another());
    await until(async () => (await raw.fire(['alarm'], 10, (timer) => mail.firedTimer(timer))).count === 1);
    const late = await application({ store: store.another(), workflows: [Alarm], autoStart: false });
    await late.workflows.execute(Alarm, '1', { type: 'cancel' });
    const last = await application({ store: store.another(), workflows: [Alarm] });
    await until(() => last.decided.length === 1);
    expect(last.decided).toMatchObject([{ from: 'timer', outcome: 'timer-gone' }]);
    expect(await last.workflows.state(Alarm, '1')).toMatchObject({ state: ['set', 'cancel'] });
  });

  it('whose input cannot be read is a dead letter with the parse error, and is decided when it was mended (IF17, IF30, IF73, IF74)', async () => {
    const store = memoryStore();
    const { workflows } = await application({ store, workflows: [Alarm], autoStart: false });
    await workflows.execute(Alarm, '1', { type: 'set', after: 1 });
    const { workflowStore } = await import('../memory/index.js');
    const raw = workflowStore(store.another());
    const [timer] = await raw.timers({ workflow: 'alarm', id: '1' });
    Object.assign(timer as object, { input: '{"type":' });
    const { dead, workflows: running } = await application({ store: store.another(), workflows: [Alarm] });
    await until(async () => (await dead.count()) === 1);
    const [letter] = await dead.find();
    expect(letter).toMatchObject({ channel: 'alarm.inputs', unreadable: '{"type":' });
    expect(letter?.history.at(-1)?.message).toMatch(/JSON/);
    await dead.retryWith(letter?.id ?? '', { type: 'ring' });
    await until(async () => (await running.state(Alarm, '1'))?.version === 2);
  });
});
