import { inProcess, Worker, type WorkerContext, type WorkerHandler } from '@nestjs-workers/core';
import sharp, { type OverlayOptions } from 'sharp';
import { CELL, layOut } from './sheet.layout.js';
import { type SheetOrder, SheetOrders } from './sheet.order.js';

/** A contact sheet on the disk. */
export interface Sheet {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly pictures: number;
}

/**
 * Puts thumbnails on one large picture. Whoever asks waits for it, and sees how far it is: that is a request.
 *
 * It decodes two hundred files in native code, and what crashes there takes its process along; so it has one of its own. A sheet may be made
 * twice, so an order whose process died is tried again, once.
 */
@Worker({ in: SheetOrders, expose: true, concurrency: 1, dispatch: inProcess({ crash: { attempts: 2 } }) })
export class SheetWorker implements WorkerHandler<SheetOrder, Sheet> {
  async handle({ thumbnails, path }: SheetOrder, context: WorkerContext): Promise<Sheet> {
    const { width, height, cells, film } = layOut(thumbnails.length);
    const overlays: OverlayOptions[] = [];
    for (const [nth, thumbnail] of thumbnails.entries()) {
      context.signal.throwIfAborted();
      overlays.push({ input: await fitted(thumbnail), ...cells[nth] });
      context.progress(nth / thumbnails.length);
    }
    await sharp(Buffer.from(film)).composite(overlays).jpeg({ quality: 90 }).toFile(path);
    return { path, width, height, pictures: thumbnails.length };
  }
}

function fitted(thumbnail: string): Promise<Buffer> {
  return sharp(thumbnail)
    .resize(CELL.width, CELL.height, { fit: 'contain', background: '#161412' })
    .jpeg({ quality: 95 })
    .toBuffer();
}
