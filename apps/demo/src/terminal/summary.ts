import { Injectable } from '@nestjs/common';
import { type ChannelStats, WorkerGateway, type WorkerStats } from '@nestjs-workers/core';
import type { Sheet } from '../contact-sheet/sheet.worker.js';
import { Gallery } from '../gallery/gallery.js';
import type { OrderView } from '../orders/orders.js';
import { OutputFolder } from '../output/output.folder.js';
import { PICTURE_KINDS } from '../pictures/picture.js';
import { ALL_STAGES, isDurable } from '../pipeline.js';
import { Peaks } from './peaks.js';
import { table } from './table.js';
import { printable, Terminal } from './terminal.js';

/** What the run has to tell beside its pictures. */
export interface Results {
  readonly sheet: Sheet | undefined;
  /** How many thumbnails the run before had left in the store. */
  readonly leftOver: number;
  readonly orders: readonly OrderView[];
}

/** What the run came to, in figures. */
@Injectable()
export class Summary {
  constructor(
    private readonly gallery: Gallery,
    private readonly workers: WorkerGateway,
    private readonly peaks: Peaks,
    private readonly folder: OutputFolder,
    private readonly terminal: Terminal,
  ) {}

  print(tookMs: number, { sheet, leftOver, orders }: Results): void {
    if (this.gallery.counts.expected === 0) {
      return this.terminal.print('', `  No pictures there (${PICTURE_KINDS}).`, ...this.ordered(orders));
    }
    this.terminal.print(
      '',
      `  ${this.terminal.paint('bold', this.headline(tookMs))}`,
      '',
      ...this.titled(this.workerRows()),
      '',
      ...this.titled(this.channelRows()),
      '',
      ...this.fromBefore(leftOver),
      `  Contact sheet   ${sheet === undefined ? 'none, there was nothing to put on it' : described(sheet)}`,
      ...this.ordered(orders),
      `  Everything      ${this.folder.path}`,
    );
  }

  private fromBefore(leftOver: number): string[] {
    const { recalled } = this.gallery.counts;
    if (recalled + leftOver === 0) return [];
    return [`  Run before      thumbnails stored then: ${recalled}; left in the store, and stored now: ${leftOver}`];
  }

  private ordered(orders: readonly OrderView[]): string[] {
    return orders.map((order, nth) => `  ${nth === 0 ? 'Orders' : '      '}          ${fateOf(order)}`);
  }

  private headline(tookMs: number): string {
    const { expected, hung, refused } = this.gallery.counts;
    return `${counted(expected, 'picture')} in ${(tookMs / 1_000).toFixed(2)} s: ${counted(hung, 'thumbnail')}, ${refused} bad`;
  }

  private workerRows(): string[][] {
    const { workers } = this.workers.stats();
    const head = ['worker', 'done', 'failed', 'wait p50', 'p95', 'run p50', 'p95'];
    const rows = ALL_STAGES.map(({ worker }) => [worker, ...workerFigures(workers[worker] as WorkerStats)]);
    return [head, ...rows.filter(hasFigures)];
  }

  private channelRows(): string[][] {
    const { channels } = this.workers.stats();
    const rows = ALL_STAGES.map(({ channel }) => {
      const stats = channels[channel] as ChannelStats;
      const [peak, capacity] = isDurable(stats) ? ['-', 'durable'] : [this.peaks.of(channel), stats.capacity];
      return [channel, String(stats.accepted), String(sum(stats.drops)), String(peak), String(capacity)];
    });
    return [['channel', 'accepted', 'dropped', 'peak depth', 'of'], ...rows.filter(hasFigures)];
  }

  private titled(rows: string[][]): string[] {
    const [head, ...body] = table(rows);
    return [`  ${this.terminal.paint('dim', head ?? '')}`, ...body.map((line) => `  ${line}`)];
  }
}

/** What had nothing to do is left out. */
function hasFigures([, ...figures]: readonly string[]): boolean {
  return figures.slice(0, 2).some((figure) => figure !== '0');
}

function workerFigures({ done, failed, aborted, lost, waitMs, runMs }: WorkerStats): string[] {
  const failures = sum(failed) + aborted + lost;
  return [String(done), String(failures), ms(waitMs.p50), ms(waitMs.p95), ms(runMs.p50), ms(runMs.p95)];
}

function described({ path, width, height, pictures }: Sheet): string {
  return `${path} (${width} × ${height}, ${counted(pictures, 'picture')})`;
}

function fateOf({ id, status, declines, prints }: OrderView): string {
  const why = declines === 0 ? '' : ` after ${counted(declines, 'declined charge')}`;
  const fate = status === 'cancelled' ? 'cancelled by its timer' : status;
  return `${printable(id)} (${counted(prints, 'print')}): ${fate}${why}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function sum(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce<number>((total, count = 0) => total + count, 0);
}
