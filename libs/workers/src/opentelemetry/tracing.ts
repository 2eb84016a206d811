import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { Clock } from '../lifecycle/clock.js';
import { asError } from '../message/fault.js';
import type { Headers, Message } from '../message/message.js';
import type { Follower, Trail } from '../observe/follower.js';
import type { Roots } from './roots.js';
import { carrying, isSampled, traceOf } from './traceparent.js';

/**
 * Follows messages with spans: `send` where one is put, `wait` until its handler is entered, `process` around the handler, `settle` where
 * that takes time.
 *
 * A message carries its trace in its headers, through channels, threads, processes and stores; the handler's own spans are children of
 * `process`, and so is what it sends. `process` is a child of `send` and linked to it. A trace that is not sampled is carried on as not
 * sampled and makes no spans here; a message without a trace makes none either.
 */
export class Tracing implements Follower {
  /** Where outputs, settling and what isolates ask for go on: the contexts of handlers that are traced. */
  private readonly active = new WeakMap<Message, Context>();

  constructor(
    private readonly tracer: Tracer,
    /** Which of the messages put outside of any trace begin one. */
    private readonly roots: Roots,
    private readonly clock: Clock,
  ) {}

  leaves(headers: Headers | undefined): boolean {
    const here = context.active();
    if (here !== ROOT_CONTEXT && trace.getSpanContext(here) !== undefined) return false;
    if (headers !== undefined && traceOf(headers) !== undefined) return false;
    return !this.roots.begins();
  }

  put<R>({ worker, channel }: Trail, headers: Headers, send: (headers: Headers) => R, from?: Message): R {
    const parent = this.parentOf(headers, from);
    const around = parent === undefined ? undefined : trace.getSpanContext(parent);
    // What comes of a message without a trace has none.
    if (around === undefined && from !== undefined) return send(headers);
    if (around !== undefined && !isSampled(around.traceFlags)) return send(carrying(headers, around));
    const attributes = about('send', 'send', channel, worker);
    const span = this.tracer.startSpan(`send ${channel}`, { kind: SpanKind.PRODUCER, attributes }, parent);
    const sent = span.spanContext();
    return during(span, () => send(trace.isSpanContextValid(sent) ? carrying(headers, sent) : headers));
  }

  knows({ headers }: Message): boolean {
    return headers['traceparent'] !== undefined;
  }

  handle({ worker, channel }: Trail, message: Message, call: () => unknown): unknown {
    const producer = traceOf(message.headers);
    if (producer === undefined) return call();
    const parent = remote(producer);
    if (!isSampled(producer.traceFlags)) return context.with(parent, call);
    const from = channel ?? worker ?? 'ticker';
    const attributes = {
      ...about('process', 'process', channel, worker),
      'messaging.message.id': message.id,
      'nestjs_workers.attempt': message.attempt,
    };
    const startTime = Date.now() - Math.max(0, this.clock.now() - message.putAt);
    this.tracer
      .startSpan(`wait ${from}`, { attributes: about('wait', undefined, channel, worker), startTime }, parent)
      .end();
    const links = [{ context: producer }];
    const span = this.tracer.startSpan(`process ${from}`, { kind: SpanKind.CONSUMER, attributes, links }, parent);
    const inner = trace.setSpan(parent, span);
    this.active.set(message, inner);
    return during(span, () => context.with(inner, call));
  }

  carried(headers: Headers, from?: Message): Headers {
    const parent = this.parentOf(headers, from);
    const around = parent === undefined ? undefined : trace.getSpanContext(parent);
    return around === undefined ? headers : carrying(headers, around);
  }

  goOn<R>(headers: Headers | undefined, from: Message | undefined, ask: () => R): R {
    const carried = headers === undefined ? undefined : traceOf(headers);
    const handler = from === undefined ? undefined : this.active.get(from);
    return context.with(carried === undefined ? (handler ?? ROOT_CONTEXT) : remote(carried), ask);
  }

  settle({ worker, channel }: Trail, message: Message, settling: Promise<unknown>): void {
    const parent = this.active.get(message);
    if (parent === undefined) return;
    const attributes = { ...about('settle', 'settle', channel, worker), 'messaging.message.id': message.id };
    const span = this.tracer.startSpan(`settle ${channel}`, { kind: SpanKind.CLIENT, attributes }, parent);
    settling.then(
      () => span.end(),
      (error: unknown) => failed(span, error),
    );
  }

  /** The trace that is under way, else the one that the sender wrote into the headers. */
  private parentOf(headers: Headers, from: Message | undefined): Context | undefined {
    if (from !== undefined && this.active.has(from)) return this.active.get(from);
    const here = from === undefined ? context.active() : ROOT_CONTEXT;
    if (trace.getSpanContext(here) !== undefined) return here;
    const carried = traceOf(headers);
    return carried === undefined ? undefined : trace.setSpanContext(here, carried);
  }
}

/** Where nothing is under way but what was carried here. */
function remote(carried: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, carried);
}

function about(
  name: string,
  type: string | undefined,
  channel: string | undefined,
  worker: string | undefined,
): Attributes {
  return {
    'messaging.system': 'nestjs_workers',
    'messaging.operation.name': name,
    ...(type === undefined ? {} : { 'messaging.operation.type': type }),
    ...(channel === undefined ? {} : { 'messaging.destination.name': channel }),
    ...(worker === undefined ? {} : { 'messaging.consumer.group.name': worker }),
  };
}

/** Ends `span` when `call` has come to its end, at once or later. */
function during<R>(span: Span, call: () => R): R {
  try {
    const result = call();
    if (!(result instanceof Promise)) {
      span.end();
      return result;
    }
    const ended = result.then(
      (value: unknown) => {
        span.end();
        return value;
      },
      (error: unknown) => {
        failed(span, error);
        throw error;
      },
    );
    return ended as R;
  } catch (error) {
    failed(span, error);
    throw error;
  }
}

function failed(span: Span, thrown: unknown): void {
  const error = asError(thrown);
  span.setAttribute('error.type', 'code' in error && typeof error.code === 'string' ? error.code : error.name);
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  span.end();
}
