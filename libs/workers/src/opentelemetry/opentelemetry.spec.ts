import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { type Blueprint, boot } from '../testing/fixtures/boot.js';
import { until } from '../testing/until.js';
import { Worker } from '../worker/worker.decorator.js';
import type { WorkerContext } from '../worker/worker.context.js';
import { WorkersHistograms, WorkersOpenTelemetryModule } from './index.js';
import { carrying, traceOf } from './traceparent.js';

const Uploads = channel<string>('uploads', { buffer: 8 });
const Thumbnails = channel<string>('thumbnails', { buffer: 8 });

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

function tracing(sampler?: Sampler) {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(sampler === undefined ? {} : { sampler }),
  });
  return { exporter, provider, tracer: provider.getTracer('test') };
}

const headersSeen: Readonly<Record<string, string>>[] = [];

/** A pipeline of two workers; the handler of the first makes a span of its own. */
async function pipeline(blueprint: Blueprint = {}, sampler?: Sampler, roots = 1) {
  const { exporter, provider, tracer } = tracing(sampler);
  @Worker({ in: Uploads, out: Thumbnails, expose: true })
  class Resizer {
    async handle(path: string, { headers }: WorkerContext): Promise<string> {
      headersSeen.push(headers);
      await Promise.resolve();
      tracer.startSpan('resize').end();
      if (path === 'broken') throw new TypeError('no picture');
      return `${path}.png`;
    }
  }
  @Worker({ in: Thumbnails })
  class Gallery {
    handle(): void {}
  }
  const booted = await boot({
    channels: [Uploads, Thumbnails],
    ...blueprint,
    providers: [Resizer, Gallery],
    imports: [WorkersOpenTelemetryModule.forRoot({ tracerProvider: provider, metrics: false, roots })],
  });
  const spans = () => exporter.getFinishedSpans();
  const named = (name: string): ReadableSpan => spans().find((span) => span.name === name) as ReadableSpan;
  return { ...booted, Resizer, tracer, spans, named };
}

describe('a trace', () => {
  it('goes unbroken from the sender through channels and handlers, with its waits', async () => {
    const { gateway, Resizer, tracer, spans, named, workers } = await pipeline();
    await tracer.startActiveSpan('POST /uploads', async (request) => {
      await gateway.command(Resizer, 'cat', { headers: { tenant: 'acme' } });
      request.end();
    });
    await workers.drain();
    await until(() => spans().length === 8);
    const parents = Object.fromEntries(
      spans().map((span) => [
        span.name,
        spans().find((one) => one.spanContext().spanId === span.parentSpanContext?.spanId)?.name,
      ]),
    );
    expect(parents).toEqual({
      'POST /uploads': undefined,
      'send uploads': 'POST /uploads',
      'wait uploads': 'send uploads',
      'process uploads': 'send uploads',
      resize: 'process uploads',
      'send thumbnails': 'process uploads',
      'wait thumbnails': 'send thumbnails',
      'process thumbnails': 'send thumbnails',
    });
    expect(new Set(spans().map((span) => span.spanContext().traceId)).size).toBe(1);
    expect(named('process uploads').links[0]?.context.spanId).toBe(named('send uploads').spanContext().spanId);
    expect(named('process uploads').attributes).toMatchObject({
      'messaging.system': 'nestjs_workers',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'uploads',
      'messaging.consumer.group.name': 'Resizer',
    });
    expect(headersSeen.at(-1)).toMatchObject({
      tenant: 'acme',
      traceparent: expect.stringMatching(/^00-.*-01$/) as string,
    });
  });

  it('goes on in a command that has no headers of its own', async () => {
    const { gateway, Resizer, tracer, named, workers } = await pipeline();
    await tracer.startActiveSpan('POST /uploads', async (request) => {
      await gateway.command(Resizer, 'cat');
      request.end();
    });
    await workers.drain();
    await until(() => named('process uploads') !== undefined);
    const { traceId } = named('POST /uploads').spanContext();
    expect(named('process uploads').spanContext().traceId).toBe(traceId);
    expect(headersSeen.at(-1)?.['traceparent']).toContain(traceId);
  });

  it('takes along what is put on a channel as on any Subject', async () => {
    const { gateway, tracer, spans, named, workers } = await pipeline();
    tracer.startActiveSpan('POST /thumbnails', (request) => {
      gateway.channel(Thumbnails).next('cat.png');
      request.end();
    });
    await workers.drain();
    await until(() => spans().length === 4);
    expect(named('send thumbnails').parentSpanContext?.spanId).toBe(named('POST /thumbnails').spanContext().spanId);
    expect(named('process thumbnails').spanContext().traceId).toBe(named('POST /thumbnails').spanContext().traceId);
  });

  it('tells what a handler threw, and a request that is answered', async () => {
    const { gateway, Resizer, named, workers, spans } = await pipeline();
    await expect(gateway.request(Resizer, 'broken')).rejects.toThrow('no picture');
    await workers.drain();
    expect(named('process uploads')).toMatchObject({
      status: { code: 2, message: 'no picture' },
      attributes: { 'error.type': 'TypeError' },
    });
    expect(named('process uploads').events[0]?.name).toBe('exception');
    expect(spans().some(({ name }) => name === 'send thumbnails')).toBe(false);
  });

  it('that is not sampled is carried on as not sampled, and makes no spans of ours, whatever the sampler would say of them', async () => {
    const { NOT_RECORD, RECORD_AND_SAMPLED } = SamplingDecision;
    const fickle: Sampler = {
      shouldSample: (_context, _traceId, name) => ({
        decision: name.startsWith('POST') ? NOT_RECORD : RECORD_AND_SAMPLED,
      }),
      toString: () => 'fickle',
    };
    const { gateway, Resizer, tracer, spans } = await pipeline({}, fickle);
    await tracer.startActiveSpan('POST /uploads', () => gateway.request(Resizer, 'cat'));
    expect(headersSeen.at(-1)?.['traceparent']).toMatch(/^00-.*-00$/);
    expect(spans().map(({ name }) => name)).toEqual(['resize']);
  });

  it('is not begun for more of the messages outside of any than asked for', async () => {
    const { gateway, Resizer, spans } = await pipeline({}, undefined, 0);
    await gateway.request(Resizer, 'cat');
    expect([headersSeen.at(-1), spans().map(({ name }) => name)]).toEqual([{}, ['resize']]);
  });

  it('is taken from the headers where nothing is under way', async () => {
    const { gateway, Resizer, named, workers } = await pipeline();
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await gateway.command(Resizer, 'cat', { headers: { traceparent, tracestate: 'vendor=1' } });
    await workers.drain();
    expect(named('process uploads').spanContext().traceId).toBe('a'.repeat(32));
    expect(headersSeen.at(-1)?.['tracestate']).toBe('vendor=1');
  });
});

describe('traceparent', () => {
  it('is read as W3C writes it, and what is not is no trace', () => {
    const written = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    expect(carrying({ a: 'b' }, traceOf({ traceparent: written })!)).toEqual({ a: 'b', traceparent: written });
    for (const wrong of [
      '',
      'x',
      `00-${'0'.repeat(32)}-${'2'.repeat(16)}-01`,
      `00-${'1'.repeat(31)}-${'2'.repeat(16)}-01`,
    ])
      expect(traceOf({ traceparent: wrong })).toBeUndefined();
    expect(traceOf({})).toBeUndefined();
  });
});

describe('metrics', () => {
  it('are the statistics, by the names of the conventions where they have one, and histograms of waiting and running', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    @Worker({ in: Uploads, expose: true })
    class Resizer {
      handle(path: string): string {
        if (path === 'broken') throw new Error('no picture');
        return path;
      }
    }
    const producers: { collect(): Promise<never> }[] = [{ collect: () => histograms.collect() as Promise<never> }];
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: 3_600_000,
      metricProducers: producers,
    });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const { gateway, moduleRef } = await boot({
      channels: [Uploads],
      providers: [Resizer],
      imports: [WorkersOpenTelemetryModule.forRoot({ traces: false, meterProvider })],
    });
    const histograms = moduleRef.get(WorkersHistograms, { strict: false });
    await gateway.request(Resizer, 'cat');
    await gateway.request(Resizer, 'broken').catch(() => {});
    await reader.forceFlush();
    const metrics =
      exporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    const points = (name: string) => metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
    const uploads = { 'messaging.system': 'nestjs_workers', 'messaging.destination.name': 'uploads' };
    const resizer = { 'messaging.system': 'nestjs_workers', 'messaging.consumer.group.name': 'Resizer' };
    expect(points('messaging.client.sent.messages')).toMatchObject([{ attributes: uploads, value: 2 }]);
    expect(points('messaging.client.consumed.messages')).toMatchObject([{ attributes: uploads, value: 2 }]);
    expect(points('nestjs_workers.channel.depth')).toMatchObject([{ value: 0 }]);
    expect(points('nestjs_workers.worker.concurrency')).toMatchObject([{ attributes: resizer, value: 1 }]);
    expect(points('nestjs_workers.worker.outcomes')).toContainEqual(
      expect.objectContaining({
        attributes: { ...resizer, 'nestjs_workers.outcome': 'failed', 'nestjs_workers.kind': 'handler_error' },
        value: 1,
      }),
    );
    expect(points('messaging.process.duration')).toMatchObject([{ attributes: resizer, value: { count: 2 } }]);
    expect(points('nestjs_workers.wait.duration')).toMatchObject([{ attributes: resizer, value: { count: 2 } }]);
    await meterProvider.shutdown();
  });
});
