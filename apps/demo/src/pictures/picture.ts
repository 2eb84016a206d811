import { channel } from '@nestjs-workers/core';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';

export const PICTURE_KINDS = 'jpg, png, webp, gif, tif';
export const PICTURE_NAME = /\.(jpe?g|png|webp|gif|tiff?)$/i;
export const MAX_PICTURE_MB = 200;

/** One picture on its way: what it is known by, in later runs too, and what people call it. Every payload of the pipeline has both. */
export interface Ticket {
  readonly id: string;
  readonly name: string;
}

/** Of a payload of the pipeline only which picture it is about; undefined for what is about none. */
export function ticketOf(payload: unknown): Ticket | undefined {
  const { id, name } = Object(payload) as Partial<Ticket>;
  return typeof id === 'string' && typeof name === 'string' ? { id, name } : undefined;
}

/** A file that calls itself a picture; nobody has looked inside yet. */
export class Picture implements Ticket {
  @IsString()
  @Length(1, 64)
  readonly id!: string;

  @IsString()
  @Length(1, 1_024)
  @Matches(PICTURE_NAME, { message: `its name does not end like that of a picture (${PICTURE_KINDS})` })
  readonly name!: string;

  /** Where its bytes lie. They never travel through a channel. */
  @IsString()
  readonly path!: string;

  @IsInt()
  @Min(1, { message: 'the file is empty' })
  @Max(MAX_PICTURE_MB * 1_000_000, { message: `the file is larger than ${MAX_PICTURE_MB} MB` })
  readonly bytes!: number;
}

/** A full channel holds its senders back (`block`): reading a folder goes no faster than its pictures are taken. */
export const Pictures = channel<Picture>('pictures', { buffer: 16, putMode: 'block', payload: Picture });
