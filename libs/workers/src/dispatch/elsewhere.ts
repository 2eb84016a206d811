import type { Clock } from '../lifecycle/clock.js';
import type { Message } from '../message/message.js';
import type { Announcer } from '../observe/announcer.js';
import type { Desk } from './desk.js';
import type { RunContext } from './dispatcher.js';

/** A handler class, as far as those need it who never make an instance of it. */
export type HandlerType = new (...args: never[]) => object;

/** What a handler is told about its worker. */
export interface WorkerInfo {
  readonly name: string;
  /** The channel it takes from; undefined for a ticker. */
  readonly in: string | undefined;
  readonly out: string | undefined;
  readonly concurrency: number;
  readonly timeoutMs: number | undefined;
}

/** What a dispatcher needs to run a handler in another thread or process. */
export interface Elsewhere {
  readonly kind: 'worker' | 'ticker';
  readonly target: HandlerType;
  /** The file that decorates the class, as a URL; undefined where nobody knows. */
  readonly file: string | undefined;
  readonly info: WorkerInfo;
  /** The class that the input channel declares as its payload, which is rebuilt on the far side. */
  readonly payloadType: HandlerType | undefined;
  /** Every channel of the application, by name. */
  readonly channels: () => readonly string[];
  /** What the module says for all isolates. */
  readonly defaults: object;
  readonly desk: Desk;
  readonly clock: Clock;
  readonly announcer: Announcer;
  /** What stands around every handler of the application and stays here; undefined when nothing does. */
  readonly around: Around | undefined;
}

/** Wraps a run that goes elsewhere; `next` comes to what the handler comes to. */
export type Around = (message: Message, context: RunContext, next: () => Promise<unknown>) => Promise<unknown>;
