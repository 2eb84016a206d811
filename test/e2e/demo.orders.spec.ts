import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkersModule } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { OutboxModule } from '@nestjs-workers/outbox';
import { WorkflowsModule } from '@nestjs-workers/workflows';
import type { Card } from '../../apps/demo/src/orders/order.js';
import { OrderWorkflow } from '../../apps/demo/src/orders/order.workflow.js';
import type { OrderView } from '../../apps/demo/src/orders/orders.js';
import { OrdersModule } from '../../apps/demo/src/orders/orders.module.js';
import { OutputFolder } from '../../apps/demo/src/output/output.folder.js';
import { OutputModule } from '../../apps/demo/src/output/output.module.js';
import { PageDocument } from '../../apps/demo/src/page/page.document.js';
import { storeIn } from '../../apps/demo/src/store/store.in.js';

const FATE_LIMIT_MS = 20_000;

let folder: OutputFolder;
let app: INestApplication<Server>;

beforeAll(async () => {
  folder = await OutputFolder.open(await mkdtemp(join(tmpdir(), 'demo-orders-spec-')));
  const store = await storeIn(folder, undefined);

  @Module({
    imports: [
      WorkersModule.forRoot({ guard: 'off' }),
      OutboxModule.forRoot({ store, migrate: true }),
      WorkflowsModule.forRoot({ workflows: [OrderWorkflow] }),
      OutputModule.at(folder),
      OrdersModule,
    ],
  })
  class Shop {}

  const building = Test.createTestingModule({ imports: [Shop] }).setLogger(false as never);
  app = (await building.compile()).createNestApplication();
  await app.init();
});

afterAll(async () => {
  await app?.close();
  await rm(folder.path, { recursive: true, force: true });
});

describe('an order over HTTP', () => {
  it('is charged until its card is good, and shipped once', async () => {
    await place({ id: 'ships', card: 'declined-twice', payWithinSeconds: 60 }).expect(201, { placed: 'ships' });
    const order = await completed('ships');
    expect(order).toMatchObject({ status: 'shipped', declines: 2, timers: [] });
    expect(order.story.map(({ by, event, effect, timer }) => [by, event, effect, timer])).toEqual([
      ['customer', 'placed', 'charge', 'payment'],
      ['effect', 'declined', undefined, 'retry'],
      ['timer', 'asked-again', 'charge', undefined],
      ['effect', 'declined', undefined, 'retry'],
      ['timer', 'asked-again', 'charge', undefined],
      ['effect', 'paid', 'ship', undefined],
      ['effect', 'shipped', undefined, undefined],
    ]);
    expect(order.diagram).toContain('stateDiagram-v2');
    expect(await slips()).toContainEqual({ order: 'ships', prints: 7 });
  });

  it('is cancelled by its timer when it is not paid in time, and never shipped', async () => {
    await place({ id: 'never-paid', card: 'declined', payWithinSeconds: 1 }).expect(201);
    const order = await completed('never-paid');
    expect(order.status).toBe('cancelled');
    const expired = order.story.filter(({ event }) => event === 'expired');
    expect(expired).toMatchObject([{ by: 'timer', text: 'not paid in time' }]);
    expect((await slips()).map((slip) => slip.order)).not.toContain('never-paid');
  });

  it('shows its timers while they are set', async () => {
    await place({ id: 'waits', card: 'declined', payWithinSeconds: 3_600 }).expect(201);
    const payment = (await history('waits')).timers.find(({ key }) => key === 'payment');
    expect(Date.parse(payment?.dueAt ?? '') - Date.now()).toBeGreaterThan(3_500_000);
  });

  it('is refused when its id is taken, when it makes no sense, and when there is none', async () => {
    await place({ id: 'twice', card: 'good' }).expect(201);
    await place({ id: 'twice', card: 'good' }).expect(409);
    await completed('twice');
    await place({ id: 'twice', card: 'good' }).expect(409);
    await place({ id: 'no card', card: 'gold' as Card }).expect(400);
    await place({ id: '' }).expect(400);
    await place({ id: 'a\0b' }).expect(400);
    await place({ id: 'none', prints: 0 }).expect(400);
    await request(app.getHttpServer()).get('/orders/history?id=nobody').expect(404);
    await request(app.getHttpServer()).get('/orders/history?id=a%00b').expect(404);
    await request(app.getHttpServer()).get('/orders/history?id=a&id=b').expect(404);
  });

  it.each(['<img src=x onerror=alert(1)>', '../../../etc/passwd', '..', `'; drop table "order" --`, '</script>"];\n#'])(
    'may be called %j, which stays a text',
    async (id) => {
      const { body, type } = await place({ id, card: 'good' }).expect(201);
      expect([body, type]).toEqual([{ placed: id }, 'application/json']);
      const again = await place({ id, card: 'good' }).expect(409);
      expect(again.type).toBe('application/json');
      const order = await completed(id);
      expect([order.id, order.status]).toEqual([id, 'shipped']);
      expect(order.diagram).not.toContain(id);
      expect(await slips()).toContainEqual({ order: id, prints: 7 });
      expect(await readdir(folder.parcels)).toSatisfy((files: string[]) =>
        files.every((file) => /^[0-9a-f]{8}\.json$/.test(file)),
      );
    },
  );

  it('is listed with the others, the oldest first', async () => {
    const { body } = await request(app.getHttpServer()).get('/orders').expect(200);
    expect((body as OrderView[]).map(({ id }) => id).slice(0, 3)).toEqual(['ships', 'never-paid', 'waits']);
  });
});

describe('the page', () => {
  it('has a form for orders, and makes no markup of what it is told', () => {
    const { html } = new PageDocument();
    expect(html).toContain('id="order"');
    expect(html).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|setHTML|DOMParser/);
    expect(html).not.toMatch(/^(?:import|export) /m);
  });
});

function place({
  id,
  prints = 7,
  card = 'good',
  payWithinSeconds = 60,
}: {
  readonly id: string;
  readonly prints?: number;
  readonly card?: Card;
  readonly payWithinSeconds?: number;
}) {
  return request(app.getHttpServer()).post('/orders').send({ id, prints, card, payWithinSeconds });
}

async function history(id: string): Promise<OrderView> {
  const { body } = await request(app.getHttpServer()).get('/orders/history').query({ id }).expect(200);
  return body as OrderView;
}

async function completed(id: string): Promise<OrderView> {
  await until(async () => (await history(id)).isCompleted, FATE_LIMIT_MS);
  return history(id);
}

async function slips(): Promise<readonly { readonly order: string; readonly prints: number }[]> {
  const files = await readdir(folder.parcels);
  const read = files.map(async (file) => JSON.parse(await readFile(join(folder.parcels, file), 'utf8')) as object);
  return (await Promise.all(read)) as { order: string; prints: number }[];
}
