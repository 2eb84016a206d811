import { Injectable } from '@nestjs/common';
import { asyncScheduler, filter, type Subscription, throttleTime } from 'rxjs';
import { Gallery, type Refusal } from '../gallery/gallery.js';
import { printable, Terminal } from './terminal.js';

const REDRAW_EVERY_MS = 80;
const BAR_COLUMNS = 28;
/** What stands beside the bar. */
const TEXT_COLUMNS = 40;

/** Shows the run as it goes: a bar on a terminal, a line for every tenth in a pipe, and every bad picture by its name. */
@Injectable()
export class Progress {
  private readonly showing: Subscription[] = [];
  private tenths = 0;

  constructor(
    private readonly gallery: Gallery,
    private readonly terminal: Terminal,
  ) {}

  open(): void {
    const { news$ } = this.gallery;
    this.showing.push(
      news$
        .pipe(throttleTime(REDRAW_EVERY_MS, asyncScheduler, { leading: true, trailing: true }))
        .subscribe(() => this.draw()),
      news$.pipe(filter((news) => news.type === 'refused')).subscribe(({ refusal }) => this.complain(refusal)),
    );
  }

  close(): void {
    for (const shown of this.showing.splice(0)) shown.unsubscribe();
    this.terminal.clear();
  }

  /** The bar for what comes after the pictures. */
  step(what: string, share: number): void {
    this.terminal.show(`  ${this.bar(share)}  ${what}`);
  }

  private draw(): void {
    const { expected, hung, refused } = this.gallery.counts;
    const share = (hung + refused) / expected;
    const bad = refused > 0 ? `  ${this.terminal.paint('red', `${refused} bad`)}` : '';
    this.terminal.show(`  ${this.bar(share)}  ${hung} of ${expected} thumbnails${bad}`);
    this.tell(share, `  ${hung + refused} of ${expected} pictures${refused > 0 ? `, ${refused} bad` : ''}`);
  }

  private tell(share: number, text: string): void {
    const tenths = Math.floor(share * 10);
    if (this.terminal.isWatched || tenths <= this.tenths) return;
    this.tenths = tenths;
    this.terminal.print(text);
  }

  private complain({ name, by, reason }: Refusal): void {
    this.terminal.print(
      `  ${this.terminal.paint('red', 'bad')} ${printable(name)}: ${reason} ${this.terminal.paint('dim', `(${by})`)}`,
    );
  }

  private bar(share: number): string {
    const columns = Math.max(4, Math.min(BAR_COLUMNS, this.terminal.columns - TEXT_COLUMNS));
    const full = Math.round(share * columns);
    return this.terminal.paint('green', '█'.repeat(full)) + this.terminal.paint('dim', '░'.repeat(columns - full));
  }
}
