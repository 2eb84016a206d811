import type { PayloadCheck } from '../../channel/payload.check.js';
import type { Headers, Message } from '../../message/message.js';
import type { ContextHouse, HandlerContext } from '../../worker/worker.context.js';
import type { Tx } from '../protocol.js';
import { arrived } from './arrival.js';
import type { Home } from './home.js';

/**
 * One message that was sent here.
 *
 * States: `waiting`; `cancelled`, when it was aborted before it was entered, and is skipped; `entered`; `refused`, when it was entered and
 * its payload was not what the channel declares.
 */
export class Task {
  state: 'waiting' | 'cancelled' | 'entered' | 'refused' = 'waiting';
  /** `performance.now()` when the handler was entered. */
  enteredAt = 0;
  /** There once it was entered. */
  private context: HandlerContext | undefined = undefined;

  constructor(
    readonly tx: Tx,
    readonly message: Message,
    /** What the host said of the trace that it belongs to. */
    private readonly within: Headers | undefined,
  ) {}

  abort(reason: Error): void {
    if (this.state === 'waiting') this.state = 'cancelled';
    else this.context?.abort(reason);
  }

  enter(context: HandlerContext): void {
    this.state = 'entered';
    this.context = context;
  }

  /** Calls the handler; what it returns is a promise, or no thenable at all. */
  handle(home: Home, house: ContextHouse): unknown {
    const context = this.context as HandlerContext;
    if (home.check === undefined) return settled(this.call(home, house, this.message, context));
    return this.checkAndHandle(home, house, home.check, context);
  }

  /** The handler gets its payload as the class that its channel declares, or it is not entered at all. */
  private async checkAndHandle(
    home: Home,
    house: ContextHouse,
    check: PayloadCheck,
    context: HandlerContext,
  ): Promise<unknown> {
    const { headers, reply, id, attempt, payload, stored } = this.message;
    const origin = stored === undefined ? undefined : ([stored.createdAtMs, stored.idempotencyKey] as const);
    let rebuilt: Message;
    try {
      rebuilt = arrived(await check(payload), headers, reply, id, attempt, origin);
    } catch (error) {
      this.state = 'refused';
      throw error;
    }
    const own = home.contextFor(rebuilt, house);
    if (context.abortReason !== undefined) own.abort(context.abortReason);
    this.context = own;
    return this.call(home, house, rebuilt, own);
  }

  private call(home: Home, { announcer, info }: ContextHouse, message: Message, context: HandlerContext): unknown {
    const { follower } = announcer;
    if (follower === undefined) return home.handle(message, context);
    const trail = { worker: info.name, channel: info.in };
    return follower.handle(trail, message, () => home.handle(message, context), this.within);
  }
}

/** A thenable as a promise; what is neither is handed on as it is. */
function settled(returned: unknown): unknown {
  const isThenable =
    typeof returned === 'object' && returned !== null && !(returned instanceof Promise) && 'then' in returned;
  return isThenable && typeof returned.then === 'function' ? Promise.resolve(returned) : returned;
}
