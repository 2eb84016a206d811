import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamicModule, Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { context, SpanKind } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type ChannelDeclaration, provideWorkers, Worker, WorkerGateway, WorkersModule } from '@nestjs-workers/core';
import { WorkersApplication } from '@nestjs-workers/core/extension';
import { WorkersOpenTelemetryModule } from '@nestjs-workers/core/opentelemetry';
import { until } from '@nestjs-workers/core/testing';
import { durable, Outbox, OutboxModule, type Store } from '@nestjs-workers/outbox';
import { sqliteStore } from '@nestjs-workers/outbox/sqlite';
import { memoryStore, memoryTransaction } from '@nestjs-workers/outbox/testing';
import {
  accept,
  type Decision,
  Effects,
  Workflow,
  type WorkflowDefinition,
  Workflows,
  WorkflowsModule,
} from '@nestjs-workers/workflows';
import {
  Adding,
  AddingThread,
  Bare,
  BareThread,
  InProcess,
  InThread,
  Letters,
  Notes,
  Thoughts,
  TracedProcess,
  TracedThread,
} from './fixtures/traced.js';
import type { Told } from './fixtures/traced.setup.js';

const exporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = tracerProvider.getTracer('test');
const telemetry = WorkersOpenTelemetryModule.forRoot({ tracerProvider, metrics: false });

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
beforeEach(() => exporter.reset());
afterAll(() => context.disable());

function endedHere(): Told[] {
  return exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    trace: span.spanContext().traceId,
    id: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId,
  }));
}

/** `child < parent` for each of `spans`, which are all of one trace. */
function tree(spans: readonly Told[] = endedHere()): string[] {
  expect(new Set(spans.map((span) => span.trace)).size).toBe(1);
  const nameOf = (id: string | undefined) => spans.find((span) => span.id === id)?.name ?? '';
  return spans.map(({ name, parent }) => `${name} < ${nameOf(parent)}`).toSorted();
}

/** As a server's instrumentation would: `send` is called within the span of a request. */
function request<T>(send: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan('POST', { kind: SpanKind.SERVER }, async (span) => {
    const sent = await send();
    span.end();
    return sent;
  });
}

@Worker({ in: Notes, expose: true })
class Noting {
  handle(): void {}
}

/** The effect: it makes a span of its own, as a client's instrumentation would. */
@Worker({ in: Letters })
class Mailer {
  static readonly carried: string[] = [];

  handle(carried: string): void {
    Mailer.carried.push(carried);
    tracer.startSpan('SMTP').end();
  }
}

describe.each([
  ['a thread', TracedThread, 'in thread'],
  ['a child process', TracedProcess, 'in process'],
] as const)('a trace', (where, worker, from) => {
  it(`goes unbroken from a request through a channel in memory, ${where}, the outbox on SQLite and the effect`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'traced-'));
    const moduleRef = await Test.createTestingModule({
      imports: [
        WorkersModule.forRoot({ channels: [InThread, InProcess, Notes, Thoughts, Letters], guard: 'off' }),
        OutboxModule.forRoot({ store: sqliteStore({ file: join(folder, 'outbox.db') }) }),
        telemetry,
      ],
      providers: [...provideWorkers(worker), Noting, Mailer],
    }).compile();
    await moduleRef.init();
    onTestFinished(async () => {
      await moduleRef.close();
      rmSync(folder, { recursive: true });
    });
    const gateway = moduleRef.get(WorkerGateway);
    await request(() => gateway.command(worker, 'x'));
    await until(() => endedHere().some(({ name }) => name === 'settle letters'), '30s');
    await until(
      () => endedHere().length === 13,
      '5s',
      () => JSON.stringify(tree()),
    );
    const here = endedHere();
    const inside = (await gateway.request(worker, 'told')) as unknown as Told[];
    const letters = `send letters < process ${from}`;
    expect(tree([...here, ...inside])).toEqual(
      [
        'POST < ',
        `send ${from} < POST`,
        `wait ${from} < send ${from}`,
        `process ${from} < send ${from}`,
        `resize < process ${from}`,
        'send notes < resize',
        'send thoughts < resize',
        'wait notes < send notes',
        'process notes < send notes',
        letters,
        'wait letters < send letters',
        'process letters < send letters',
        'SMTP < process letters',
        'settle letters < process letters',
      ].toSorted(),
    );
    // The handler sees the headers that its message was sent with, as it would anywhere.
    const sent = here.find(({ name }) => name === `send ${from}`);
    expect(Mailer.carried.at(-1)).toBe(`00-${sent?.trace}-${sent?.id}-01`);
  });
});

describe('a trace', () => {
  it('goes on from what is under way in a thread to the message that is added to the outbox there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'traced-'));
    const file = join(folder, 'outbox.db');
    const moduleRef = await Test.createTestingModule({
      imports: [
        WorkersModule.forRoot({ channels: [Adding, Letters], guard: 'off' }),
        OutboxModule.forRoot({ store: sqliteStore({ file }) }),
        telemetry,
      ],
      providers: [...provideWorkers(AddingThread), Mailer],
    }).compile();
    await moduleRef.init();
    onTestFinished(async () => {
      await moduleRef.close();
      rmSync(folder, { recursive: true });
    });
    const inside = (await request(() => moduleRef.get(WorkerGateway).request(AddingThread, file))) as unknown as Told[];
    await until(() => endedHere().some(({ name }) => name === 'process letters'), '30s');
    const spans = tree([...endedHere(), ...inside]);
    expect(spans).toContain('write < process adding');
    expect(spans).toContain('send letters < write');
  });

  it('is not begun by what is added to the outbox in a thread, where none is to be', async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [
        WorkersModule.forRoot({ channels: [Letters], guard: 'off' }),
        OutboxModule.forRoot({ store: memoryStore() }),
        WorkersOpenTelemetryModule.forRoot({ tracerProvider, metrics: false, roots: 0 }),
      ],
    }).compile();
    await moduleRef.init();
    onTestFinished(() => moduleRef.close());
    const part = moduleRef.get(WorkersApplication).part('outbox');
    const answer = await part?.answer(['messages', 'letters', ['"dear Ann"'], undefined, {}]);
    expect(answer).toMatchObject([{ channel: 'letters', headers: null }]);
    expect(endedHere()).toEqual([]);
  });

  it('takes along what a thread sends that knows nothing of traces', async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [WorkersModule.forRoot({ channels: [Bare, Notes], guard: 'off' }), telemetry],
      providers: [...provideWorkers(BareThread), Noting],
    }).compile();
    await moduleRef.init();
    onTestFinished(() => moduleRef.close());
    const gateway = moduleRef.get(WorkerGateway);
    // The port on which the thread answers was opened in another trace, or in none.
    for (const what of ['x', 'y']) {
      exporter.reset();
      await request(() => gateway.request(BareThread, what));
      await until(() => endedHere().length === 10);
      expect(tree().filter((one) => one === 'send notes < process bare')).toHaveLength(2);
    }
  });

  it('is followed once through a handler that has an isolate and is kept here', async () => {
    const workers = { BareThread: { dispatch: 'inline' } } as const;
    const moduleRef = await Test.createTestingModule({
      imports: [WorkersModule.forRoot({ channels: [Bare, Notes], guard: 'off', workers }), telemetry],
      providers: [...provideWorkers(BareThread), Noting],
    }).compile();
    await moduleRef.init();
    onTestFinished(() => moduleRef.close());
    await request(() => moduleRef.get(WorkerGateway).request(BareThread, 'x'));
    await until(() => endedHere().length >= 10);
    expect(tree().filter((one) => one === 'process bare < send bare')).toHaveLength(1);
  });

  it('lies in the store with its message, and goes on where that is handled, through the settling to the next channel', async () => {
    const Orders = durable<string>('orders');
    const Mails = durable<string>('mails');
    @Worker({ in: Orders, out: Mails, expose: true })
    class Billing {
      handle(order: string): string {
        return `bill of ${order}`;
      }
    }
    @Worker({ in: Mails })
    class Sender {
      handle(): void {}
    }
    const store = memoryStore();
    const moduleRef = await started(store, [Orders, Mails], [Billing, Sender]);
    await request(async () => {
      const transaction = memoryTransaction(store);
      await moduleRef.get(Outbox).add(transaction, Orders, 'order 7');
      transaction.commit();
    });
    await until(() => endedHere().length === 9);
    expect(tree()).toEqual([
      'POST < ',
      'process mails < send mails',
      'process orders < send orders',
      'send mails < process orders',
      'send orders < POST',
      'settle mails < process mails',
      'settle orders < process orders',
      'wait mails < send mails',
      'wait orders < send orders',
    ]);
  });

  it('goes through a decision to its effects, and with their results to the next decision', async () => {
    type Step = { readonly type: 'place' | 'paid' };
    @Workflow('sale')
    class Sale implements WorkflowDefinition<number, Step, Step, string> {
      initial(): number {
        return 0;
      }
      evolve(steps: number): number {
        return steps + 1;
      }
      decide(_steps: number, step: Step): Decision<Step, string, Step> {
        return step.type === 'place' ? accept(step).effect('charge') : accept(step).complete();
      }
    }
    @Effects(Sale)
    class Charging {
      handle(): Step {
        return { type: 'paid' };
      }
    }
    const moduleRef = await started(memoryStore(), [], [Charging], [WorkflowsModule.forRoot({ workflows: [Sale] })]);
    await request(() => moduleRef.get(Workflows).execute(Sale, 'one', { type: 'place' }));
    await until(() => endedHere().some(({ name }) => name === 'settle sale.inputs'));
    expect(tree()).toEqual([
      'POST < ',
      'process sale.effects < POST',
      'process sale.inputs < send sale.inputs',
      'send sale.inputs < process sale.effects',
      'settle sale.effects < process sale.effects',
      'settle sale.inputs < process sale.inputs',
      'wait sale.effects < POST',
      'wait sale.inputs < send sale.inputs',
    ]);
  });
});

async function started(
  store: Store,
  channels: readonly ChannelDeclaration[],
  providers: Provider[],
  more: DynamicModule[] = [],
) {
  const moduleRef = await Test.createTestingModule({
    imports: [WorkersModule.forRoot({ channels, guard: 'off' }), OutboxModule.forRoot({ store }), ...more, telemetry],
    providers,
  }).compile();
  await moduleRef.init();
  onTestFinished(() => moduleRef.close());
  return moduleRef;
}
