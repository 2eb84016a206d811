import { Injectable, type OnModuleInit } from '@nestjs/common';
import { WorkersEvents } from '@nestjs-workers/core';
import { DeadLetters } from '@nestjs-workers/outbox';
import { ticketOf } from '../pictures/picture.js';
import { Thumbnails } from '../thumbnails/thumbnail.js';
import { Gallery } from './gallery.js';
import { GalleryWorker } from './gallery.worker.js';

/**
 * Tells the gallery of thumbnails that will not come: the store could not be written, or the last attempt to put one on the shelf failed.
 * The single attempts are no news, since the next one may do.
 */
@Injectable()
export class UnstoredThumbnails implements OnModuleInit {
  constructor(
    private readonly events: WorkersEvents,
    private readonly dead: DeadLetters,
    private readonly gallery: Gallery,
  ) {}

  onModuleInit(): void {
    this.events.events$.subscribe((event) => {
      if (!('channel' in event) || event.channel !== Thumbnails.name) return;
      if (event.name === 'workers.drop') this.refuse(event.payload, 'its thumbnail could not be written to the store');
      if (event.name === 'workers.buried') void this.buried(event.messageId, event.reason, event.error);
    });
  }

  private async buried(id: string, reason: string, error: Error | undefined): Promise<void> {
    const [letter] = await this.dead.find({ channel: Thumbnails, ids: [id] }).catch(() => []);
    this.refuse(letter?.payload, `its thumbnail could not be stored (${error?.message ?? reason})`);
  }

  private refuse(payload: unknown, reason: string): void {
    const ticket = ticketOf(payload);
    if (ticket !== undefined) this.gallery.refuse({ ...ticket, by: GalleryWorker.name, reason });
  }
}
