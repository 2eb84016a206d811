import { Injectable } from '@nestjs/common';
import { WorkerGateway } from '@nestjs-workers/core';
import { Gallery } from '../gallery/gallery.js';
import { OutputFolder } from '../output/output.folder.js';
import { MAX_ON_SHEET } from './sheet.order.js';
import { type Sheet, SheetWorker } from './sheet.worker.js';

/** The contact sheet of what hangs in the gallery. */
@Injectable()
export class ContactSheet {
  /** The sheet that lies on the disk, and the how-many-eth it is. */
  latest: (Sheet & { readonly edition: number }) | undefined;

  constructor(
    private readonly workers: WorkerGateway,
    private readonly gallery: Gallery,
    private readonly folder: OutputFolder,
  ) {}

  /**
   * Makes it anew, from the first two hundred thumbnails.
   *
   * @param onProgress told shares from 0 to 1
   * @throws (rejects) what a `Reply` rejects with; `PayloadInvalidError` while the gallery is empty
   */
  async renew(onProgress: (share: number) => void = () => {}): Promise<Sheet> {
    const thumbnails = this.gallery.thumbnails.slice(0, MAX_ON_SHEET).map(({ path }) => path);
    const reply = this.workers.request(SheetWorker, { thumbnails, path: this.folder.contactSheet });
    reply.progress$.subscribe((share) => onProgress(Number(share)));
    const sheet = await reply;
    this.latest = { ...sheet, edition: (this.latest?.edition ?? 0) + 1 };
    return sheet;
  }

  /**
   * Kills the process in which sheets are made, as a defect in native code or a system short of memory would.
   *
   * @returns its number; undefined while none lives
   */
  killProcess(): number | undefined {
    const { isolates = [] } = this.workers.stats().workers[SheetWorker.name] ?? {};
    const living = isolates.find(({ kind, pid }) => kind === 'process' && pid !== undefined);
    if (living?.pid !== undefined) process.kill(living.pid, 'SIGKILL');
    return living?.pid;
  }
}
