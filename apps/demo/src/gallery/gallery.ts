import { Injectable } from '@nestjs/common';
import { filter, firstValueFrom, type Observable, startWith, Subject } from 'rxjs';
import { idFrom, type Origin } from '../pictures/origin.js';
import type { Ticket } from '../pictures/picture.js';
import { Shelf } from '../shelf/shelf.js';
import type { Thumbnail } from '../thumbnails/thumbnail.js';

/** A picture that did not make it. */
export interface Refusal extends Ticket {
  /** Who refused it. */
  readonly by: string;
  readonly reason: string;
}

export type GalleryNews =
  | { readonly type: 'expected' | 'forgotten' }
  | { readonly type: 'hung'; readonly thumbnail: Thumbnail }
  | { readonly type: 'refused'; readonly refusal: Refusal };

export interface GalleryCounts {
  readonly expected: number;
  readonly hung: number;
  readonly refused: number;
  /** Of those that hang, how many an earlier run had stored. */
  readonly recalled: number;
}

/**
 * What became of every picture: expected, then either hung or refused. It never goes back. What the store still held from an earlier run is
 * hung without having been expected.
 *
 * Promises: `news$` tells each change once, in order; `settled` resolves when nothing is expected any more.
 * Does not promise: to be right about a picture that the application stopped on the way.
 */
@Injectable()
export class Gallery {
  private readonly news = new Subject<GalleryNews>();
  private readonly awaited = new Map<string, Ticket>();
  private readonly hung = new Map<string, Thumbnail>();
  private readonly refused = new Map<string, Refusal>();
  private readonly origins = new Map<Origin, number>();
  private recalled = 0;

  constructor(private readonly shelf: Shelf) {}

  get news$(): Observable<GalleryNews> {
    return this.news.asObservable();
  }

  get counts(): GalleryCounts {
    const [hung, refused] = [this.hung.size, this.refused.size];
    return { expected: this.awaited.size + hung + refused, hung, refused, recalled: this.recalled };
  }

  /** In the order in which they were hung. */
  get thumbnails(): readonly Thumbnail[] {
    return [...this.hung.values()];
  }

  get refusals(): readonly Refusal[] {
    return [...this.refused.values()];
  }

  thumbnail(id: string): Thumbnail | undefined {
    return this.hung.get(id);
  }

  /** Expects a picture, and gives it its id: the same one in each run. */
  expect(name: string, origin: Origin): Ticket {
    const nth = (this.origins.get(origin) ?? 0) + 1;
    this.origins.set(origin, nth);
    const ticket = { id: idFrom(origin, nth), name };
    if (this.hung.has(ticket.id)) return ticket;
    this.awaited.set(ticket.id, ticket);
    this.news.next({ type: 'expected' });
    return ticket;
  }

  /** Whether a picture needs nothing more: hung already, or now, from the shelf of the runs before. */
  recall({ id, name }: Ticket): boolean {
    const stored = this.shelf.find(id);
    if (stored !== undefined && this.awaited.has(id)) {
      this.recalled++;
      this.hang({ ...stored, name });
    }
    return this.hung.has(id);
  }

  /** The opposite of `expect`: the picture will not come, and nobody needs to know. */
  forget({ id }: Ticket): void {
    if (this.awaited.delete(id)) this.news.next({ type: 'forgotten' });
  }

  /** Hangs it, once, also when it comes twice. */
  hang(thumbnail: Thumbnail): void {
    const { id } = thumbnail;
    if (this.hung.has(id) || this.refused.has(id)) return;
    this.awaited.delete(id);
    this.hung.set(id, thumbnail);
    this.news.next({ type: 'hung', thumbnail });
  }

  refuse(refusal: Refusal): void {
    if (!this.awaited.delete(refusal.id)) return;
    this.refused.set(refusal.id, refusal);
    this.news.next({ type: 'refused', refusal });
  }

  async settled(): Promise<void> {
    await firstValueFrom(
      this.news.pipe(
        startWith(undefined),
        filter(() => this.awaited.size === 0),
      ),
    );
  }
}
