import { durable } from '@nestjs-workers/outbox';
import type { Ticket } from '../pictures/picture.js';

/** A picture made small. */
export interface Thumbnail extends Ticket {
  /** Where it lies from when it is made until it is stored. */
  readonly printPath: string;
  /** Where it is stored for good. */
  readonly path: string;
  /** The same picture, large enough for a screen. */
  readonly previewPath: string;
  readonly width: number;
  readonly height: number;
  /** Its dominant colour, as `#rrggbb`: what a page shows until the thumbnail is there. */
  readonly colour: string;
}

/**
 * Durable: what was put here lies in the store until it is stored for good, whatever becomes of this process. With `channel(...)` it would
 * lie in memory and be gone with it; nothing else would have to change, neither here nor in the workers on both sides.
 */
export const Thumbnails = durable<Thumbnail>('thumbnails');
