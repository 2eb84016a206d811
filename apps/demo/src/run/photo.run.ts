import { Injectable } from '@nestjs/common';
import { CommandLine } from '../command.line.js';
import { ContactSheet } from '../contact-sheet/contact.sheet.js';
import type { Sheet } from '../contact-sheet/sheet.worker.js';
import { Easel } from '../drawings/easel.js';
import { Gallery } from '../gallery/gallery.js';
import { PictureFolder } from '../ingest/picture.folder.js';
import { SampleOrders } from '../orders/sample.orders.js';
import { Progress } from '../terminal/progress.js';
import { Summary } from '../terminal/summary.js';
import { LeftInStore } from './left.in.store.js';

const A_DOZEN = 12;

/** The run that the command line asks for, from the first picture to the summary. */
@Injectable()
export class PhotoRun {
  constructor(
    private readonly commandLine: CommandLine,
    private readonly easel: Easel,
    private readonly folder: PictureFolder,
    private readonly gallery: Gallery,
    private readonly leftInStore: LeftInStore,
    private readonly contactSheet: ContactSheet,
    private readonly orders: SampleOrders,
    private readonly progress: Progress,
    private readonly summary: Summary,
  ) {}

  async perform(): Promise<void> {
    const startedAt = performance.now();
    const leftOver = await this.leftInStore.finish();
    await this.orders.place();
    this.progress.open();
    await this.feed();
    await this.gallery.settled();
    const sheet = await this.sheet();
    const tookMs = performance.now() - startedAt;
    this.progress.step('orders', 1);
    const orders = await this.orders.settled();
    this.progress.close();
    this.summary.print(tookMs, { sheet, leftOver, orders });
  }

  private async feed(): Promise<void> {
    const { sources } = this.commandLine;
    if (sources.length > 0) return this.folder.read(sources);
    await this.easel.order(A_DOZEN);
    await this.easel.orderTorn();
  }

  private async sheet(): Promise<Sheet | undefined> {
    if (this.gallery.counts.hung === 0) return undefined;
    return this.contactSheet.renew((share) => this.progress.step('contact sheet', share));
  }
}
