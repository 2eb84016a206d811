import { Injectable } from '@nestjs/common';
import { WorkerGateway } from '@nestjs-workers/core';
import { Gallery } from '../gallery/gallery.js';
import { originOfDrawing } from '../pictures/origin.js';
import { DrawWorker } from './draw.worker.js';
import { paletteOf } from './palette.js';

/** Takes orders for drawings. */
@Injectable()
export class Easel {
  private lastSeed = 0;

  constructor(
    private readonly workers: WorkerGateway,
    private readonly gallery: Gallery,
  ) {}

  /**
   * Orders `count` drawings, each unlike any before in this run; what an earlier run drew and stored is not drawn again.
   *
   * @throws (rejects) OverloadedError when too many wait already; what was ordered until then is drawn
   */
  async order(count: number): Promise<void> {
    for (let nth = 0; nth < count; nth++) await this.draw(++this.lastSeed, paletteOf(this.lastSeed).hour, false);
  }

  /** Orders one that will turn out damaged. */
  async orderTorn(): Promise<void> {
    await this.draw(++this.lastSeed, 'torn', true);
  }

  private async draw(seed: number, title: string, isTorn: boolean): Promise<void> {
    const name = `${title}-${String(seed).padStart(2, '0')}.jpg`;
    const ticket = this.gallery.expect(name, originOfDrawing(name));
    if (this.gallery.recall(ticket)) return;
    try {
      await this.workers.command(DrawWorker, { ...ticket, seed, isTorn });
    } catch (error) {
      this.gallery.forget(ticket);
      throw error;
    }
  }
}
