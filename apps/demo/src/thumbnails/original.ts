import { channel } from '@nestjs-workers/core';
import { IsInt, IsString, Min } from 'class-validator';
import type { Ticket } from '../pictures/picture.js';

/** A picture that was looked into. It says where everything lies, so that it can be resized anywhere, in another thread too. */
export class Original implements Ticket {
  @IsString()
  readonly id!: string;

  @IsString()
  readonly name!: string;

  @IsString()
  readonly path!: string;

  @IsInt()
  @Min(1)
  readonly width!: number;

  @IsInt()
  @Min(1)
  readonly height!: number;

  @IsString()
  readonly printPath!: string;

  @IsString()
  readonly thumbnailPath!: string;

  @IsString()
  readonly previewPath!: string;
}

export const Originals = channel<Original>('originals', { buffer: 16, putMode: 'block', payload: Original });
