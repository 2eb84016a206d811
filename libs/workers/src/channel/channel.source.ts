import type { Delivery } from '../message/delivery.js';
import type { Message } from '../message/message.js';
import type { Source } from '../message/source.js';
import type { Channel } from './channel.js';

/** A channel as a worker sees it. A class, since an object literal with a getter is a dictionary, and this is asked for each message. */
export class ChannelSource<T> implements Source {
  constructor(private readonly channel: Channel<T>) {}

  get isEmpty(): boolean {
    return this.channel.isPaused || this.channel.isEmpty;
  }

  take(): Message<T> | undefined {
    return this.channel.take();
  }

  release({ message }: Delivery): void {
    this.channel.release(message as Message<T>);
  }

  /** What waits in a channel is the channel's to report. */
  takeRest(): Message[] {
    return [];
  }
}
