import { Message, type Outcome } from '@nestjs-workers/core';
import { gate } from './application.js';

/**
 * A message whose settling takes until the test says so, as that of a durable message takes until its commit. Put it on a channel
 * with `gateway.channel(Jobs).put(message)`.
 */
export class SlowToSettle<T> extends Message<T> {
  /** What it was told to settle as; undefined as long as it was not. */
  outcome: Outcome | undefined = undefined;
  /** Lets the settling succeed, or fail with `error`. */
  readonly commit: (error?: Error) => void;
  private readonly committed: Promise<Error | void>;

  constructor(payload: T, reply?: Message['reply']) {
    super(payload, performance.now(), undefined, reply);
    const { opened, open } = gate<Error | void>();
    this.committed = opened;
    this.commit = open;
  }

  // oxlint-disable-next-line typescript/no-misused-promises -- a message settles at once, but whoever settles it knows deliveries only
  override settle(outcome?: Outcome): void | Promise<void> {
    this.outcome = outcome;
    return this.committed.then((error) => {
      if (error !== undefined) throw error;
    });
  }
}

/** A caller who writes down what it hears: the value, or the error by its class, a plain one by its words. */
export function listeningCaller(hears: (what: string) => void): NonNullable<Message['reply']> {
  const hear = (what: string): true => {
    hears(what);
    return true;
  };
  return {
    state: 'waiting',
    onLeave: undefined,
    answer: (value) => hear(String(value)),
    refuse: ({ name, message }) => hear(name === 'Error' ? message : name),
    progress: () => {},
  };
}
