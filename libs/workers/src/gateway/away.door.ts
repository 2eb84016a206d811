import type { Channel } from '../channel/channel.js';
import type { PutResult } from '../channel/waiting.room.js';
import { WorkerElsewhereError } from '../worker/worker.errors.js';
import type { CommandOptions, RequestOptions } from './entrance.js';
import { refusedReply, type Reply } from './reply.js';
import type { Door } from './worker.gateway.js';

/**
 * The way to a worker that runs in other processes only, and whose channel is in the memory of this one: no message could ever come to it.
 *
 * So a request is refused, and a command is too, unless somebody has subscribed to the channel here and takes its messages.
 */
export class AwayDoor implements Door {
  constructor(
    private readonly worker: string,
    private readonly channel: Channel,
    private readonly entrance: Door,
  ) {}

  command(payload: unknown, options: CommandOptions | undefined): Promise<PutResult> {
    return this.channel.observed ? this.entrance.command(payload, options) : Promise.reject(this.refuse());
  }

  request<T>(_payload: unknown, _options: RequestOptions | undefined): Reply<T> {
    return refusedReply(this.refuse());
  }

  private refuse(): Error {
    this.channel.books.refused++;
    return new WorkerElsewhereError(this.worker, this.channel.name);
  }
}
