import type { Clock } from '../lifecycle/clock.js';
import type { Announcer } from '../observe/announcer.js';
import type { Channel } from './channel.js';
import type { ChannelOptions } from './channel.options.js';

/**
 * A channel, declared once as a typed constant and passed by value: `@Worker({ in: Uploads })`, `gateway.channel(Uploads)`.
 *
 * It is a name with options, not the live channel: two applications that share the constant have a channel each.
 */
export interface ChannelDeclaration<T = unknown> {
  readonly name: string;
  readonly options: ChannelOptions<T>;
  /** How the live channel is made, where it is not one in memory; what is wrong with its options is added to `problems`. */
  readonly open?: OpenChannel;
  /** Carries the payload's type; never set. */
  readonly payloadType?: T;
}

export type OpenChannel = (name: string, options: object, site: ChannelSite, problems: string[]) => Channel;

/** What every channel of one application shares. */
export interface ChannelSite {
  readonly clock: Clock;
  readonly announcer: Announcer;
}

/**
 * Declares a channel.
 *
 * @param name unique in the application; stands in statistics, events and errors
 * @param options see `ChannelOptions`; checked when the application starts
 * @example
 * export const Uploads = channel<Upload>('uploads', { buffer: 64, putMode: 'block' });
 */
export function channel<T>(name: string, options: ChannelOptions<T> = {}): ChannelDeclaration<T> {
  return Object.freeze({ name, options: Object.freeze({ ...options }) });
}

/** Whether `value` is what `channel()` makes. */
export function isChannelDeclaration(value: unknown): value is ChannelDeclaration {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'options' in value
  );
}
