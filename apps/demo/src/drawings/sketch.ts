import { channel } from '@nestjs-workers/core';
import { IsBoolean, IsInt, IsString, Length, Min } from 'class-validator';
import type { Ticket } from '../pictures/picture.js';

/** A picture that is yet to be drawn. The same seed gives the same picture. */
export class Sketch implements Ticket {
  @IsString()
  @Length(1, 64)
  readonly id!: string;

  @IsString()
  @Length(1, 64)
  readonly name!: string;

  @IsInt()
  @Min(1)
  readonly seed!: number;

  /** A torn picture lacks its lower half, so that the demo has something to complain about. */
  @IsBoolean()
  readonly isTorn!: boolean;
}

/** Full means full: who orders more is told to come back later (`OverloadedError`, over HTTP a 503 with `Retry-After`). */
export const Sketches = channel<Sketch>('sketches', { buffer: 64, payload: Sketch, shed: { at: 1, oldestAge: '1m' } });
