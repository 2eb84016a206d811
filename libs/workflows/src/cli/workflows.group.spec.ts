import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '@nestjs-workers/core/testing';
import { program } from '@nestjs-workers/core/cli';
import { sqliteStore } from '@nestjs-workers/outbox/sqlite';
import { beforeAll, describe, expect, it } from 'vitest';
import { application } from '../fixtures/application.js';
import { type OrderEffect, type OrderInput, OrderWorkflow } from '../fixtures/order.js';
import { Effects } from '../index.js';
import { workflows } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'nestjs-workers-workflows-cli-'));
const file = join(folder, 'orders.db');
const CODE = fileURLToPath(new URL('../fixtures/order.ts', import.meta.url));

/** Says what the program would. */
async function run(...args: string[]): Promise<{ code: number; said: string }> {
  const said: string[] = [];
  const terminal = { say: (text: string) => void said.push(text), complain: (text: string) => void said.push(text) };
  const groups = { workflows: { summary: '', load: () => Promise.resolve(workflows) } };
  const code = await program(groups, ['workflows', ...args, '--sqlite', file], terminal);
  return { code, said: said.join('\n') };
}

describe('nestjs-workers workflows', () => {
  beforeAll(() => () => rmSync(folder, { recursive: true, force: true }));

  it('shows what an application on SQLite has done: lists, histories, states, diagrams', async () => {
    @Effects(OrderWorkflow, { name: 'CliEffects' })
    class CliEffects {
      handle({ type }: OrderEffect): OrderInput | undefined {
        return type === 'charge' ? { type: 'charged' } : undefined;
      }
    }
    const store = sqliteStore({ file, driver: 'libsql', synchronous: 'normal' });
    const { app, workflows: service } = await application({
      store,
      workflows: [OrderWorkflow],
      providers: [CliEffects],
    });
    await service.execute(OrderWorkflow, 'o-1', { type: 'place', customer: 'ada', amount: 30 });
    await until(async () => (await service.state(OrderWorkflow, 'o-1'))?.version === 2);
    await app.close();

    expect(await run('list')).toMatchObject({
      code: 0,
      said: expect.stringMatching(/order +o-1 +running +2/) as string,
    });
    expect((await run('list', '--state', 'completed')).said).toBe('No instance.');
    const history = await run('history', 'order', 'o-1');
    expect(history.said).toMatch(/1 .* place +placed\n2 .* charged +paid/);
    expect((await run('history', 'order', 'o-1', '--payloads')).said).toContain('"amount":30');
    expect(await run('history', 'order', 'o-2')).toEqual({ code: 1, said: 'Workflow "order" has no instance "o-2".' });
    expect((await run('state', 'order', 'o-1')).said).toBe('o-1: running, version 2');
    expect((await run('state', 'order', 'o-1', '--code', CODE)).said).toContain(`{ status: 'paid', amount: 30 }`);
    expect((await run('diagram', 'order')).said).toContain('s1 --> s2: charged');
    expect((await run('diagram', 'order', '--code', CODE)).said).toContain('state "paid"');
    expect((await run('migrate')).said).toContain('Nothing to do');
    expect((await run('sql')).said).toMatch(/create table/i);
  });

  it('says what was asked wrongly, and touches nothing', async () => {
    expect(await run('history', 'order')).toMatchObject({ code: 2 });
    expect((await run('list', '--state', 'sleeping')).said).toContain('expected running or completed');
    expect((await run('stat')).said).toContain('Did you mean "state"?');
  });
});
