import { type Channel as DiagnosticsChannel, channel as diagnosticsChannel } from 'node:diagnostics_channel';
import type { Observable } from 'rxjs';
import { asError } from '../message/fault.js';
import type { Message } from '../message/message.js';
import { EVENT_NAMES, type WorkersEvent, type WorkersEventMap, type WorkersEventName } from './events.js';
import type { Follower } from './follower.js';
import { GuardedObservable } from './guarded.observable.js';

/** Whoever listens. What it throws or rejects with is reported once and harms nobody. */
export type Observer = (event: WorkersEvent) => unknown;

/** What observers may see of a payload: nothing, or what this function makes of it. */
export type Redact = (payload: unknown, about: { messageId: string }) => unknown;

/** One event's name with those who listen to it. Whoever announces often keeps the topic and asks `isHeard` first. */
export class Topic<N extends WorkersEventName = WorkersEventName> {
  private readonly diagnostics: DiagnosticsChannel;
  private observers: readonly Observer[] = [];

  constructor(
    readonly name: N,
    private readonly tell: (observer: Observer, event: WorkersEvent) => void,
  ) {
    this.diagnostics = diagnosticsChannel(name);
  }

  /** Whether an event of this name would reach anybody; costs a nanosecond or two. */
  get isHeard(): boolean {
    return this.observers.length > 0 || this.diagnostics.hasSubscribers;
  }

  announce(fields: WorkersEventMap[N]): void {
    if (!this.isHeard) return;
    const event = Object.freeze({ name: this.name, ...fields }) as unknown as WorkersEvent;
    for (const observer of this.observers) this.tell(observer, event);
    this.diagnostics.publish(event);
  }

  add(observer: Observer): void {
    this.observers = [...this.observers, observer];
  }

  remove(observer: Observer): void {
    this.observers = this.observers.filter((other) => other !== observer);
  }
}

/**
 * Tells every observer what happened, and nobody waits for an answer.
 *
 * Promises: an event that nobody listens to is not even built; an observer that throws or rejects stops neither the other observers nor
 * the worker it watched, and is reported once, as `workers.fault`.
 */
export class Announcer {
  readonly events$: Observable<WorkersEvent>;
  /** Who follows the messages of this application; undefined for nobody. */
  follower: Follower | undefined = undefined;
  /** Observers, and subscriptions to `events$`, that were reported. */
  private readonly reported = new WeakSet<object>();
  private readonly topics = new Map<WorkersEventName, Topic>();

  constructor(private readonly redact: Redact | undefined = undefined) {
    for (const name of EVENT_NAMES)
      this.topics.set(name, new Topic(name, (observer, event) => this.tell(observer, event)));
    this.events$ = new GuardedObservable(
      () => this.reporter(),
      (subscriber) => this.listen((event) => subscriber.next(event)),
    );
  }

  topic<N extends WorkersEventName>(name: N): Topic<N> {
    return this.topics.get(name) as unknown as Topic<N>;
  }

  announce<N extends WorkersEventName>(name: N, fields: WorkersEventMap[N]): void {
    this.topic(name).announce(fields);
  }

  /** Adds an observer of the events `names`; the returned function takes it away again. */
  listen(observer: Observer, names: readonly WorkersEventName[] = EVENT_NAMES): () => void {
    for (const name of names) this.topic(name).add(observer);
    return () => {
      for (const name of names) this.topic(name).remove(observer);
    };
  }

  /** Tells one observer what happened before it was there, and what happens meanwhile if `events` grows. */
  tellLate(observer: Observer, events: Iterable<WorkersEvent>): void {
    for (const event of events) this.tell(observer, event);
  }

  /** The payload of `message` as observers may see it; an empty object by default. */
  shown(message: Message): { payload?: unknown } {
    if (this.redact === undefined) return {};
    try {
      return { payload: this.redact(message.payload, { messageId: message.id }) };
    } catch (error) {
      this.fault('redact', error);
      return {};
    }
  }

  fault(source: string, error: unknown): void {
    this.announce('workers.fault', { source, error: asError(error) });
  }

  private tell(observer: Observer, event: WorkersEvent): void {
    try {
      const said = observer(event);
      if (said instanceof Promise) said.catch((error: unknown) => this.report(observer, error));
    } catch (error) {
      this.report(observer, error);
    }
  }

  /** Reports one subscription's faults; it hears of its own faults too, so only the first is told. */
  private reporter(): (error: unknown) => void {
    const subscription = {};
    return (error) => this.report(subscription, error);
  }

  private report(observer: object, error: unknown): void {
    if (this.reported.has(observer)) return;
    this.reported.add(observer);
    this.fault('observer', error);
  }
}
