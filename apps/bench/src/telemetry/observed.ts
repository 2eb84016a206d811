import { setImmediate } from 'node:timers/promises';
import { context, ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { WorkersOpenTelemetryModule } from '@nestjs-workers/core/opentelemetry';
import { openWith } from '../in-process/peers/ours.js';
import type { Line, OpenLine } from '../in-process/line.js';

/** Takes spans and forgets them: what a back end costs is not ours. */
const nowhere: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: () => Promise.resolve(),
};

/** An application's SDK: a share of traces is kept, metrics are read every second. */
function sdk(share: number) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracerProvider = new BasicTracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [new BatchSpanProcessor(nowhere)],
  });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 1_000,
    exportTimeoutMillis: 900,
  });
  return { tracerProvider, meterProvider: new MeterProvider({ readers: [reader] }) };
}

/** As many requests from outside, each with a sampled trace. */
const REQUESTS_BEFORE = 5_000;

/**
 * The line of an application that has run for a while: what makes spans is compiled. The thousand traces of a pass are too few for that, and
 * the compiling would be measured.
 */
async function used(opening: Promise<Line>, { tracerProvider }: ReturnType<typeof sdk>): Promise<Line> {
  const line = await opening;
  const tracer = tracerProvider.getTracer('http');
  for (let id = 0; id < REQUESTS_BEFORE; id++) {
    const traceId = (id + 1).toString(16).padStart(32, '0');
    const caller = { traceId, spanId: traceId.slice(-16), traceFlags: TraceFlags.SAMPLED, isRemote: true };
    const span = tracer.startSpan('GET /', { kind: SpanKind.SERVER }, trace.setSpanContext(ROOT_CONTEXT, caller));
    await context.with(trace.setSpan(ROOT_CONTEXT, span), () => line.put({ id }));
    // Time for its handler.
    await setImmediate();
    span.end();
  }
  return line;
}

/**
 * Nobody watches the messages, but the application has the same SDK and uses it for something else, such as its HTTP requests: on Node 20
 * and 22 every promise of the process costs more from then on.
 */
export const openBesideSdk: OpenLine = (setup) => {
  const providers = sdk(1);
  providers.meterProvider.getMeter('http').createCounter('requests').add(1);
  return used(openWith([], setup), providers);
};

/**
 * Everything that this library can tell an SDK, with a `share` of traces: decided by us before anything is built (`first`), or by the SDK's
 * sampler for each message (`sampler`).
 */
export function openObserved(decides: 'first' | 'sampler', share: number): OpenLine {
  return (setup) => {
    const providers = sdk(decides === 'first' ? 1 : share);
    const roots = decides === 'first' ? share : 1;
    return used(openWith([WorkersOpenTelemetryModule.forRoot({ ...providers, roots })], setup), providers);
  };
}
