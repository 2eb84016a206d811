import { createTraceState, isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api';
import type { Headers } from '../message/message.js';

const WRITTEN = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

/** The trace that message headers carry, as W3C Trace Context writes it; undefined for none that can be read. */
export function traceOf({ traceparent, tracestate }: Headers): SpanContext | undefined {
  if (traceparent === undefined) return undefined;
  const [, traceId = '', spanId = '', flags = '0'] = WRITTEN.exec(traceparent) ?? [];
  const context: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
  return isSpanContextValid(context) ? context : undefined;
}

/** `headers` with the trace of `context`, instead of any that they carried. */
export function carrying(headers: Headers, { traceId, spanId, traceFlags, traceState }: SpanContext): Headers {
  const { tracestate: _other, ...rest } = headers;
  const traceparent = `00-${traceId}-${spanId}-${isSampled(traceFlags) ? '01' : '00'}`;
  const tracestate = traceState?.serialize() ?? '';
  return tracestate === '' ? { ...rest, traceparent } : { ...rest, traceparent, tracestate };
}

export function isSampled(traceFlags: number): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}
