import { MiddlewareError } from './socket.errors.js';

/** As the process sees it whose middleware it is. */
export type Direction = 'send' | 'receive';

export interface MiddlewareContext {
  readonly direction: Direction;
  readonly message: unknown;
}

/**
 * Sees every message that leaves or arrives. What it returns, or what the promise it returns comes to, goes on in the message's place,
 * `null` included; `undefined` lets the message go on as it is. It may take its time: the messages behind it wait.
 */
export type Middleware = (context: MiddlewareContext) => unknown;

/** Where messages come out. Neither function may throw. */
export interface PassageExit<T> {
  passed(message: unknown, ticket: T): void;
  failed(error: MiddlewareError, ticket: T): void;
}

/**
 * The way of all messages of one direction through a list of middlewares. Each goes in with a ticket, whatever the caller needs to know
 * it by, and comes out with it.
 *
 * The list is walked as given on `send` and backwards on `receive`, so that one list given to both sides composes: what was wrapped
 * last is unwrapped first.
 *
 * Promises: messages come out in the order in which they went in, each once, passed or failed; a message whose middleware throws fails
 * alone; while no middleware returns a promise, all is done when `enter` returns.
 * Does not promise: a bound on how many wait behind a slow one. `waiting` tells how many; who sends keeps a window.
 */
export class Passage<T = undefined> {
  private readonly middlewares: readonly Middleware[];
  /** Those that came after a message whose middleware takes its time; undefined while none does. */
  private queue: { readonly message: unknown; readonly ticket: T }[] | undefined;
  private following: Promise<void> = Promise.resolve();

  constructor(
    private readonly direction: Direction,
    given: Middleware | readonly Middleware[],
    private readonly exit: PassageExit<T>,
  ) {
    const list = typeof given === 'function' ? [given] : [...given];
    this.middlewares = direction === 'send' ? list : list.toReversed();
  }

  /** How many messages wait behind a slow one. */
  get waiting(): number {
    return this.queue?.length ?? 0;
  }

  /** Resolves when all that went in has come out; never rejects. */
  get settled(): Promise<void> {
    return this.following;
  }

  enter(message: unknown, ticket: T): void {
    if (this.middlewares.length === 0) return this.exit.passed(message, ticket);
    if (this.queue !== undefined) return void this.queue.push({ message, ticket });
    let walked: unknown;
    try {
      walked = this.walk(message, 0);
    } catch (thrown) {
      return this.exit.failed(new MiddlewareError(this.direction, thrown), ticket);
    }
    if (walked instanceof Promise) this.following = this.follow(walked, ticket);
    else this.exit.passed(walked, ticket);
  }

  /** Waits for a slow message, then lets those pass that came after it. */
  private async follow(slow: Promise<unknown>, ticket: T): Promise<void> {
    const queue: NonNullable<typeof this.queue> = (this.queue = []);
    await this.settle(() => slow, ticket);
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { message, ticket } = next;
      await this.settle(() => this.walk(message, 0), ticket);
    }
    this.queue = undefined;
  }

  private async settle(walk: () => unknown, ticket: T): Promise<void> {
    let message: unknown;
    try {
      message = await walk();
    } catch (thrown) {
      return this.exit.failed(new MiddlewareError(this.direction, thrown), ticket);
    }
    this.exit.passed(message, ticket);
  }

  /** What becomes of `message` from the middleware at `index` on; a promise as soon as one takes its time. */
  private walk(message: unknown, index: number): unknown {
    const middleware = this.middlewares[index];
    if (middleware === undefined) return message;
    const returned = middleware({ direction: this.direction, message });
    if (!isThenable(returned)) return this.walk(returned === undefined ? message : returned, index + 1);
    return Promise.resolve(returned).then((later) => this.walk(later === undefined ? message : later, index + 1));
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
