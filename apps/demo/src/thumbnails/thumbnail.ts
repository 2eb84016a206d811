import { channel } from '@nestjs-workers/core';
import type { Ticket } from '../pictures/picture.js';

/** A picture made small. */
export interface Thumbnail extends Ticket {
  readonly path: string;
  /** The same picture, large enough for a screen. */
  readonly previewPath: string;
  readonly width: number;
  readonly height: number;
  /** Its dominant colour, as `#rrggbb`: what a page shows until the thumbnail is there. */
  readonly colour: string;
}

/**
 * Outputs are offered, never awaited, and a full channel would drop them. This one is never full: the gallery takes each thumbnail
 * within the turn in which it is offered, and no more than four come out of a turn.
 */
export const Thumbnails = channel<Thumbnail>('thumbnails', { buffer: 16 });
