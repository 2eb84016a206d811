import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type ChannelDeclaration, WorkerGateway } from '@nestjs-workers/core';
import { STAGES } from '../pipeline.js';

/**
 * How full each channel has been at most, senders that waited for room included. Watches with `tap$`, which takes nothing. Of a durable
 * channel it knows nothing: how much lies in its store is counted now and then only.
 */
@Injectable()
export class Peaks implements OnModuleInit {
  private readonly peaks = new Map<string, number>();

  constructor(private readonly workers: WorkerGateway) {}

  onModuleInit(): void {
    for (const { channel } of STAGES) this.watch(channel);
  }

  of(channel: string): number {
    return this.peaks.get(channel) ?? 0;
  }

  private watch(declaration: ChannelDeclaration): void {
    const channel = this.workers.channel(declaration);
    channel.tap$.subscribe(() => {
      const { depth, pendingPuts } = channel.stats();
      this.peaks.set(channel.name, Math.max(this.of(channel.name), depth + pendingPuts));
    });
  }
}
