import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters, styleText } from 'node:util';
import { Injectable } from '@nestjs/common';

export type Style = 'bold' | 'dim' | 'red' | 'green';

/** Standard output: lines that stay, and on a terminal one line at the bottom that changes. */
@Injectable()
export class Terminal {
  private status = '';
  private readonly out: Pick<WriteStream, 'write'> & Partial<WriteStream> = process.stdout;

  /** Whether somebody is watching, as opposed to a pipe or a log. */
  get isWatched(): boolean {
    return this.out.isTTY === true;
  }

  get columns(): number {
    return this.out.columns ?? 100;
  }

  /** Adds lines that stay. */
  print(...lines: readonly string[]): void {
    const { status } = this;
    this.clear();
    this.out.write(`${lines.join('\n')}\n`);
    if (status !== '') this.show(status);
  }

  /** Replaces the line at the bottom. In a pipe, where nothing can be replaced, it is not shown at all. */
  show(status: string): void {
    if (!this.isWatched) return;
    this.clear();
    this.status = status;
    this.out.write(status);
  }

  /** Takes the line at the bottom away. */
  clear(): void {
    if (this.status !== '') this.out.write('\r\u001B[2K');
    this.status = '';
  }

  paint(style: Style, text: string): string {
    return this.isWatched && process.env['NO_COLOR'] === undefined ? styleText(style, text) : text;
  }
}

/** File names come from strangers: without what a terminal would obey, and no longer than a line. */
export function printable(name: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  const text = stripVTControlCharacters(name).replace(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '?');
  return text.length > 80 ? `…${text.slice(-79)}` : text;
}
