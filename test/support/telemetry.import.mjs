import { appendFileSync, promises } from 'node:fs';
import { Server } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

/**
 * What auto-instrumentation of OpenTelemetry does, for `node --import`: registers an SDK, gives each request to an HTTP server a span around
 * everything that comes of it, and each write of a file one. Spans are written as lines of JSON into the file that `?spans=` names.
 */
const file = new URL(import.meta.url).searchParams.get('spans');
const exporter = {
  export(spans, done) {
    for (const span of spans) appendFileSync(file, `${JSON.stringify(told(span))}\n`);
    done({ code: 0 });
  },
  shutdown: () => Promise.resolve(),
};
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
const tracer = trace.getTracer('as auto-instrumented');

function told(span) {
  const { traceId: traceOf, spanId: id } = span.spanContext();
  return { name: span.name, trace: traceOf, id, parent: span.parentSpanContext?.spanId, pid: process.pid };
}

const emit = Reflect.get(Server.prototype, 'emit');
Server.prototype.emit = function (event, ...given) {
  if (event !== 'request') return emit.call(this, event, ...given);
  const [{ method, url, headers }, response] = given;
  const [, traceId, spanId] = /^00-(\w{32})-(\w{16})-01$/.exec(headers.traceparent ?? '') ?? [];
  const parent =
    traceId === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1, isRemote: true });
  const span = tracer.startSpan(`${method} ${url}`, { kind: SpanKind.SERVER }, parent);
  response.once('close', () => span.end());
  return context.with(trace.setSpan(parent, span), () => emit.call(this, event, ...given));
};

const { writeFile } = promises;
promises.writeFile = (...given) =>
  tracer.startActiveSpan('fs writeFile', (span) => writeFile(...given).finally(() => span.end()));
syncBuiltinESMExports();
