import { Test } from '@nestjs/testing';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { provideWorkers, Worker, WorkerGateway, WorkersModule } from '@nestjs-workers/core';
import { WorkersOpenTelemetryModule } from '@nestjs-workers/core/opentelemetry';
import { until } from '@nestjs-workers/core/testing';
import { durable, Outbox, OutboxModule } from '@nestjs-workers/outbox';
import { memoryStore, memoryTransaction } from '@nestjs-workers/outbox/testing';
import { start } from '../support/application.js';
import { Traced, TracedWorker } from './fixtures/traced.js';

const exporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = tracerProvider.getTracer('test');

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

/** `child < parent` for each span of the only trace there is. */
function tree(): string[] {
  const spans = exporter.getFinishedSpans();
  expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  const nameOf = (id: string | undefined) => spans.find((span) => span.spanContext().spanId === id)?.name ?? '';
  return spans.map((span) => `${span.name} < ${nameOf(span.parentSpanContext?.spanId)}`).toSorted();
}

describe('a trace', () => {
  it('is under way around a handler in a thread, and its message is followed here', async () => {
    exporter.reset();
    const { gateway } = await start({
      channels: [Traced],
      providers: provideWorkers(TracedWorker),
      imports: [WorkersOpenTelemetryModule.forRoot({ tracerProvider, metrics: false })],
    });
    const { carried, around } = await tracer.startActiveSpan('POST', async (span) => {
      const answer = await gateway.request(TracedWorker, 'x');
      span.end();
      return answer;
    });
    await until(() => exporter.getFinishedSpans().length === 4);
    expect(tree()).toEqual([
      'POST < ',
      'process traced < send traced',
      'send traced < POST',
      'wait traced < send traced',
    ]);
    const sent = exporter
      .getFinishedSpans()
      .find(({ name }) => name === 'send traced')
      ?.spanContext();
    expect(around).toBe(`${sent?.traceId} ${sent?.spanId}`);
    expect(carried).toContain(around.replace(' ', '-'));
  });

  it('lies in the store with its message, and goes on where that is handled, through the settling to the next channel', async () => {
    exporter.reset();
    const Orders = durable<string>('orders');
    const Mails = durable<string>('mails');
    @Worker({ in: Orders, out: Mails, expose: true })
    class Billing {
      handle(order: string): string {
        return `bill of ${order}`;
      }
    }
    @Worker({ in: Mails })
    class Mailer {
      handle(): void {}
    }
    const store = memoryStore();
    const moduleRef = await Test.createTestingModule({
      imports: [
        WorkersModule.forRoot({ channels: [Orders, Mails], guard: 'off' }),
        OutboxModule.forRoot({ store }),
        WorkersOpenTelemetryModule.forRoot({ tracerProvider, metrics: false }),
      ],
      providers: [Billing, Mailer],
    }).compile();
    await moduleRef.init();
    onTestFinished(() => moduleRef.close());
    await tracer.startActiveSpan('POST', async (span) => {
      const transaction = memoryTransaction(store);
      await moduleRef.get(Outbox).add(transaction, Orders, 'order 7');
      transaction.commit();
      span.end();
    });
    await until(() => moduleRef.get(WorkerGateway).stats().workers['Mailer']?.done === 1);
    await until(() => exporter.getFinishedSpans().length === 8);
    expect(tree()).toEqual([
      'POST < ',
      'process mails < send orders',
      'process orders < send orders',
      'send orders < POST',
      'settle mails < process mails',
      'settle orders < process orders',
      'wait mails < send orders',
      'wait orders < send orders',
    ]);
  });
});
