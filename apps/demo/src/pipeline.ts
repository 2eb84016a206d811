import type { ChannelDeclaration, ChannelStats, WorkerHandler } from '@nestjs-workers/core';
import { SheetOrders } from './contact-sheet/sheet.order.js';
import { SheetWorker } from './contact-sheet/sheet.worker.js';
import { DrawWorker } from './drawings/draw.worker.js';
import { Sketches } from './drawings/sketch.js';
import { BadPictureWorker } from './gallery/bad.picture.worker.js';
import { GalleryWorker } from './gallery/gallery.worker.js';
import { IngestWorker } from './ingest/ingest.worker.js';
import { BadPictures } from './pictures/bad.pictures.js';
import { Pictures } from './pictures/picture.js';
import { Originals } from './thumbnails/original.js';
import { ResizeWorker } from './thumbnails/resize.worker.js';
import { Thumbnails } from './thumbnails/thumbnail.js';

/** A channel and the worker that takes from it. */
export interface Stage {
  readonly channel: ChannelDeclaration;
  readonly worker: new (...args: never[]) => WorkerHandler<never>;
}

/** In the order in which a picture passes them; then the two beside the way. */
export const STAGES: readonly Stage[] = [
  { channel: Sketches, worker: DrawWorker },
  { channel: Pictures, worker: IngestWorker },
  { channel: Originals, worker: ResizeWorker },
  { channel: Thumbnails, worker: GalleryWorker },
  { channel: BadPictures, worker: BadPictureWorker },
  { channel: SheetOrders, worker: SheetWorker },
];

/** Whether a channel lies in a store and not in memory: there it has no bound but the disk's. */
export function isDurable({ capacity }: Pick<ChannelStats, 'capacity'>): boolean {
  return capacity === Number.MAX_SAFE_INTEGER;
}
