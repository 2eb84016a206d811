import type { Message } from '../message/message.js';
import type { Consumer } from './consumer.js';

/** Those who take from one channel. They compete: each message goes to one of them, in turn. */
export class Consumers<T> implements Iterable<Consumer<T>> {
  private all: readonly Consumer<T>[] = [];
  private turn = 0;

  get isEmpty(): boolean {
    return this.all.length === 0;
  }

  /** Whether any of them would take a message this instant. */
  get isAnyHungry(): boolean {
    for (const consumer of this.all) if (consumer.isHungry) return true;
    return false;
  }

  /** The next in turn that would take `message` this instant; nobody's turn is over for one that `room` keeps back. */
  nextFor(message: Message<T>, room: { admits(message: Message<T>): boolean }): Consumer<T> | undefined {
    const { all } = this;
    for (let left = all.length; left > 0; left--) {
      if (++this.turn >= all.length) this.turn = 0;
      const consumer = all[this.turn] as Consumer<T>;
      if (consumer.isHungry && room.admits(message)) return consumer;
    }
    return undefined;
  }

  add(consumer: Consumer<T>): void {
    this.all = [...this.all, consumer];
  }

  remove(consumer: Consumer<T>): void {
    this.all = this.all.filter((other) => other !== consumer);
  }

  /** Tells each, once, that there is nothing more to take. */
  end(): void {
    const { all } = this;
    this.all = [];
    for (const consumer of all) consumer.end?.();
  }

  /** Those of this moment, whoever comes or goes meanwhile. */
  [Symbol.iterator](): Iterator<Consumer<T>> {
    return this.all.values();
  }
}
