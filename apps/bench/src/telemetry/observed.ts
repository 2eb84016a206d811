import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
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
import type { OpenLine } from '../in-process/line.js';

/** At a million messages a second that is a thousand traces a second, more than back ends take. */
const SHARE = 0.001;

/** Takes spans and forgets them: what a back end costs is not ours. */
const nowhere: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: () => Promise.resolve(),
};

/** An application's SDK: one trace in a thousand is kept, metrics are read every second. */
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

/**
 * Nobody watches the messages, but the application has the same SDK and uses it for something else, such as its HTTP requests: on Node 20
 * and 22 every promise of the process costs more from then on.
 */
export const openBesideSdk: OpenLine = (setup) => {
  const { tracerProvider, meterProvider } = sdk(1);
  meterProvider.getMeter('http').createCounter('requests').add(1);
  const span = tracerProvider.getTracer('http').startSpan('GET /');
  context.with(trace.setSpan(ROOT_CONTEXT, span), () => span.end());
  return openWith([], setup);
};

/**
 * Everything that this library can tell an SDK, with one trace in a thousand: decided by us before anything is built (`first`), or by the
 * SDK's sampler for each message (`sampler`).
 */
export function openObserved(decides: 'first' | 'sampler'): OpenLine {
  return (setup) => {
    const providers = sdk(decides === 'first' ? 1 : SHARE);
    const roots = decides === 'first' ? SHARE : 1;
    return openWith([WorkersOpenTelemetryModule.forRoot({ ...providers, roots })], setup);
  };
}
