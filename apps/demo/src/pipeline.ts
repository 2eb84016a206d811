import type { ChannelDeclaration, ChannelStats, WorkerHandler } from '@nestjs-workers/core';
import { SheetOrders } from './contact-sheet/sheet.order.js';
import { SheetWorker } from './contact-sheet/sheet.worker.js';
import { DrawWorker } from './drawings/draw.worker.js';
import { Sketches } from './drawings/sketch.js';
import { BadPictureWorker } from './gallery/bad.picture.worker.js';
import { GalleryWorker } from './gallery/gallery.worker.js';
import { IngestWorker } from './ingest/ingest.worker.js';
import { OrderEffects } from './orders/order.effects.js';
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

/** The same by their names. */
export interface NamedStage {
  readonly channel: string;
  readonly worker: string;
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

/** Those that are declared here, and after them the two that the workflow of orders brings: what it asks for, and what it is to decide. */
export const ALL_STAGES: readonly NamedStage[] = [
  ...STAGES.map(({ channel, worker }) => ({ channel: channel.name, worker: worker.name })),
  { channel: 'order.effects', worker: OrderEffects.name },
  { channel: 'order.inputs', worker: 'order.inputs' },
];

/** Whether a channel lies in a store and not in memory: there it has no bound but the disk's. */
export function isDurable({ capacity }: Pick<ChannelStats, 'capacity'>): boolean {
  return capacity === Number.MAX_SAFE_INTEGER;
}
