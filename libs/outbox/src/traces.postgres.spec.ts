import { Test } from '@nestjs/testing';
import { Worker, WorkersModule } from '@nestjs-workers/core';
import { WorkersOpenTelemetryModule } from '@nestjs-workers/core/opentelemetry';
import { until } from '@nestjs-workers/core/testing';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Pool } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { freshSchema } from '../../../test/support/postgres.js';
import { durable, Outbox, OutboxModule } from './index.js';
import { postgresStore } from './postgres/index.js';

const Letters = durable<string>('letters');

@Worker({ in: Letters })
class Mailer {
  handle(): void {}
}

it('a trace lies in PostgreSQL with the message that a transaction wrote, and goes on in its handler', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  onTestFinished(() => context.disable());
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const { connectionString, schema, drop } = freshSchema();
  const pool = new Pool({ connectionString, max: 1 });
  const moduleRef = await Test.createTestingModule({
    imports: [
      WorkersModule.forRoot({ channels: [Letters], guard: 'off' }),
      OutboxModule.forRoot({ store: postgresStore({ connectionString, schema }), migrate: true }),
      WorkersOpenTelemetryModule.forRoot({ tracerProvider, metrics: false }),
    ],
    providers: [Mailer],
  }).compile();
  await moduleRef.init();
  onTestFinished(async () => {
    await moduleRef.close();
    await pool.end();
    await drop();
  });

  await tracerProvider.getTracer('test').startActiveSpan('POST', async (span) => {
    const client = await pool.connect();
    await client.query('begin');
    await moduleRef.get(Outbox).add(client, Letters, 'dear Ann');
    await client.query('commit');
    client.release();
    span.end();
  });

  await until(() => exporter.getFinishedSpans().some(({ name }) => name === 'settle letters'), '10s');
  const spans = exporter.getFinishedSpans();
  const nameOf = (id: string | undefined) => spans.find((span) => span.spanContext().spanId === id)?.name ?? '';
  expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  expect(spans.map((span) => `${span.name} < ${nameOf(span.parentSpanContext?.spanId)}`).toSorted()).toEqual([
    'POST < ',
    'process letters < send letters',
    'send letters < POST',
    'settle letters < process letters',
    'wait letters < send letters',
  ]);
});
