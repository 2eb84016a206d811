import type { Desk } from '../dispatch/desk.js';
import type { Message } from '../message/message.js';
import type { Packing } from './packing.js';
import type { ToHost, ToIsolate, Tx } from './protocol.js';

/** What a clerk serves. */
export interface ClerkParts {
  readonly desk: Desk;
  readonly packing: Packing;
  /** The message of a run that is not over; what is said of another came too late to matter. */
  readonly messageOf: (tx: Tx) => Message | undefined;
  /** Tells the isolate. */
  readonly say: (word: ToIsolate) => void;
}

/**
 * Carries what one isolate asks of the host to the desk, and what the desk answers back.
 *
 * Promises: what the isolate waits for is answered or refused; when it is gone, nobody waits for it here.
 */
export class Clerk {
  constructor(private readonly parts: ClerkParts) {}

  hear(said: ToHost): void {
    const { desk, packing } = this.parts;
    switch (said[0]) {
      case 'reply':
        return this.withMessage(said[1], (message) => desk.reply(message, packing.unpack(said[2])));
      case 'progress':
        return this.withMessage(said[1], ({ reply }) => reply?.progress(packing.unpack(said[2])));
      case 'said':
        return this.withMessage(said[1], ({ id }) => desk.said(id, said[2], packing.unpack(said[3])));
      case 'log':
        return desk.log(said[1], said[2], said[3], said[4] ?? undefined);
      case 'put':
        return desk.put(said[1], packing.unpack(said[2]), this.askerOf(said[3]), said[4] ?? undefined);
      case 'stats':
        return this.parts.say(['stats', packing.said(desk.stats())]);
      case 'leave':
        return desk.leave(this, said[1]);
      case 'command':
      case 'request':
      case 'ask':
        return this.serve(said);
      default:
    }
  }

  /** The isolate is gone. */
  close(): void {
    this.parts.desk.forget(this);
  }

  /** Answers what a handler asks of the host: a command, a request, or what a package is asked for. */
  private serve([kind, call, tx, to, options, payload]: Extract<
    ToHost,
    readonly ['command' | 'request' | 'ask', ...unknown[]]
  >): void {
    const { desk, packing, say } = this.parts;
    const asker = this.askerOf(tx);
    const told = (value: unknown): void => say(['told', call, packing.said(value)]);
    void desk
      .serve(this, { kind, call, asker, to, options, payload: packing.unpack(payload) }, told)
      .then((value) => ['answer', call, packing.result(value)] as const)
      .catch((error: unknown) => ['refuse', call, packing.thrown(error)] as const)
      .then(say);
  }

  private askerOf(tx: Tx | null): Message | undefined {
    return tx === null ? undefined : this.parts.messageOf(tx);
  }

  private withMessage(tx: Tx, act: (message: Message) => void): void {
    const message = this.parts.messageOf(tx);
    if (message !== undefined) act(message);
  }
}
