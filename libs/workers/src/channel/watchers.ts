import type { Observable, Subscriber } from 'rxjs';
import type { Message } from '../message/message.js';
import type { Announcer, Topic } from '../observe/announcer.js';
import { GuardedObservable, type Reporter } from '../observe/guarded.observable.js';

/** The channel that is watched. */
interface Watched {
  readonly name: string;
  readonly state: 'open' | 'draining' | 'closed';
}

/** Those who see each message as a channel takes it in, and take none: its taps, and the observers of `workers.accepted`. */
export class Watchers<T> {
  readonly tap$: Observable<Message<T>>;
  private readonly taps = new Set<Subscriber<Message<T>>>();
  private readonly topic: Topic<'workers.accepted'>;

  constructor(
    private readonly channel: Watched,
    private readonly announcer: Announcer,
    reporter: Reporter,
  ) {
    this.topic = announcer.topic('workers.accepted');
    this.tap$ = new GuardedObservable(reporter, (subscriber) => {
      if (channel.state === 'closed') return subscriber.complete();
      this.taps.add(subscriber);
      return () => this.taps.delete(subscriber);
    });
  }

  /** Whether anybody would see a message. */
  get isAny(): boolean {
    return this.taps.size > 0 || this.topic.isHeard;
  }

  show(message: Message<T>): void {
    if (this.isAny) this.showEach(message);
  }

  /** There is nothing more to see. */
  complete(): void {
    for (const tap of this.taps) tap.complete();
  }

  private showEach(message: Message<T>): void {
    for (const tap of this.taps) tap.next(message);
    if (!this.topic.isHeard) return;
    this.topic.announce({ channel: this.channel.name, messageId: message.id, ...this.announcer.shown(message) });
  }
}
