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
    return send(this.carried(headers));
  }

  /** What is around it may have been said beside the message. */
  knows(): boolean {
    return true;
  }

  /** Within the host's `process`, which lasts for as long as the handler runs. */
  handle(_trail: Trail, { headers }: Message, call: () => unknown, within: Headers = headers): unknown {
    const around = traceOf(within);
    return around === undefined ? call() : context.with(trace.setSpanContext(ROOT_CONTEXT, around), call);
  }

  carried(headers: Headers): Headers {
    const here = trace.getSpanContext(context.active());
    return here === undefined ? headers : carrying(headers, here);
  }

  goOn<R>(_headers: Headers | undefined, _from: Message | undefined, ask: () => R): R {
    return ask();
  }

  settle(): void {}
}
