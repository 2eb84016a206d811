import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Headers, Message } from '../message/message.js';
import type { Follower, Trail } from '../observe/follower.js';
import { carrying, traceOf } from './traceparent.js';

/**
 * Inside an isolate: the handler runs in the trace that its message carries, and what it sends carries the trace that is under way. The
 * spans of the message itself are the host's.
 */
export class CarryingOn implements Follower {
  leaves(): boolean {
    return trace.getSpanContext(context.active()) === undefined;
  }

  put<R>(_trail: Trail, headers: Headers, send: (headers: Headers) => R): R {
    const here = trace.getSpanContext(context.active());
    return send(here === undefined ? headers : carrying(headers, here));
  }

  handle(_trail: Trail, { headers }: Message, call: () => unknown): unknown {
    const carried = traceOf(headers);
    return carried === undefined ? call() : context.with(trace.setSpanContext(ROOT_CONTEXT, carried), call);
  }

  settle(): void {}
}
