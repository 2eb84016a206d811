import { Injectable } from '@nestjs/common';
import { filter, firstValueFrom, type Observable, startWith, Subject } from 'rxjs';
import type { Ticket } from '../pictures/picture.js';
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
}

/**
 * What became of every picture: expected, then either hung or refused. It never goes back.
 *
 * Promises: `news$` tells each change once, in order; `settled` resolves when nothing is expected any more.
 * Does not promise: to be right about a picture that the application stopped on the way.
 */
@Injectable()
export class Gallery {
  private readonly news = new Subject<GalleryNews>();
  private readonly awaited = new Map<string, Ticket>();
  private readonly hung = new Map<string, Thumbnail>();
  private readonly refused: Refusal[] = [];
  private lastNumber = 0;

  get news$(): Observable<GalleryNews> {
    return this.news.asObservable();
  }

  get counts(): GalleryCounts {
    const [hung, refused] = [this.hung.size, this.refused.length];
    return { expected: this.awaited.size + hung + refused, hung, refused };
  }

  /** In the order in which they were hung. */
  get thumbnails(): readonly Thumbnail[] {
    return [...this.hung.values()];
  }

  get refusals(): readonly Refusal[] {
    return this.refused;
  }

  thumbnail(id: string): Thumbnail | undefined {
    return this.hung.get(id);
  }

  /** Expects a picture, and gives it its number. */
  expect(name: string): Ticket {
    const ticket = { id: String(++this.lastNumber).padStart(4, '0'), name };
    this.awaited.set(ticket.id, ticket);
    this.news.next({ type: 'expected' });
    return ticket;
  }

  /** The opposite of `expect`: the picture will not come, and nobody needs to know. */
  forget({ id }: Ticket): void {
    if (this.awaited.delete(id)) this.news.next({ type: 'forgotten' });
  }

  hang(thumbnail: Thumbnail): void {
    if (!this.awaited.delete(thumbnail.id)) return;
    this.hung.set(thumbnail.id, thumbnail);
    this.news.next({ type: 'hung', thumbnail });
  }

  refuse(refusal: Refusal): void {
    if (!this.awaited.delete(refusal.id)) return;
    this.refused.push(refusal);
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
