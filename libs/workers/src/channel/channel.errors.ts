import type { Message } from '../message/message.js';
import type { DropReason } from '../observe/events.js';
import { suggestion, WorkersError } from '../workers.error.js';

/** The channel is closed; nothing is put any more. The message comes back in `undelivered`. */
export class ChannelClosedError extends WorkersError {
  readonly code = 'CHANNEL_CLOSED';

  constructor(
    readonly channel: string,
    readonly undelivered: Message,
  ) {
    super(
      `A message was put on channel "${channel}", which is closed. Keep the message (error.undelivered) and send it elsewhere.`,
    );
  }
}

/** As many puts wait for room as may. The message comes back in `undelivered`; slow down, or use `putMode: 'block'`. */
export class ChannelOverflowError extends WorkersError {
  readonly code = 'CHANNEL_OVERFLOW';

  constructor(
    readonly channel: string,
    readonly maxPendingPuts: number,
    readonly undelivered: Message,
  ) {
    super(
      `A message was put on channel "${channel}", where ${maxPendingPuts} puts already wait for room (maxPendingPuts). ` +
        `Slow the sender down, use putMode 'block' and await it, or give the channel a larger buffer. The message is in error.undelivered.`,
    );
  }
}

/** The channel gave the message up; a request learns of it this way. The message comes back in `undelivered`. */
export class MessageDroppedError extends WorkersError {
  readonly code = 'MESSAGE_DROPPED';

  constructor(
    readonly channel: string,
    readonly reason: DropReason,
    readonly undelivered: Message,
  ) {
    super(
      `A request waited on channel "${channel}" and its message was dropped (${reason}). Try again later, or give the channel more room.`,
    );
  }
}

/** No channel of that name was declared in `forRoot` or `forFeature`. */
export class ChannelUnknownError extends WorkersError {
  readonly code = 'CHANNEL_UNKNOWN';

  constructor(
    readonly asked: string,
    readonly known: readonly string[],
    remedy = 'Declare it in forRoot({ channels: [...] }) or forFeature.',
  ) {
    super(`Channel "${asked}" was asked for and is not declared.${suggestion(asked, known)} ${remedy}`);
  }
}
