import { Inject } from '@nestjs/common';
import type { ChannelDeclaration } from './channel.declaration.js';

/** The injection token of a channel. */
export function getChannelToken(channel: ChannelDeclaration | string): string {
  return `nestjs-workers:channel:${typeof channel === 'string' ? channel : channel.name}`;
}

/** Injects the live `Channel` that `channel` declares. */
export function InjectChannel(channel: ChannelDeclaration | string): ParameterDecorator & PropertyDecorator {
  return Inject(getChannelToken(channel));
}
