import { writeFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { PermanentError } from '@nestjs-workers/core';
import sharp from 'sharp';
import type { Original } from './original.js';
import type { Thumbnail } from './thumbnail.js';

const THUMBNAIL_PX = 480;
const PREVIEW_PX = 1_600;
/** A hundred megapixels; a small file can claim to be more than memory holds. */
const MAX_PIXELS = 100_000_000;

/** Makes pictures small. Holds nothing and knows nobody, so it works in whatever thread it is asked. */
@Injectable()
export class ThumbnailPrinter {
  async print({ id, name, path, thumbnailPath, previewPath }: Original, signal: AbortSignal): Promise<Thumbnail> {
    const preview = await this.shrink(path, PREVIEW_PX).catch(damaged);
    signal.throwIfAborted();
    const thumbnail = await this.shrink(preview.data, THUMBNAIL_PX);
    const { dominant } = await sharp(thumbnail.data).stats();
    await writeFile(previewPath, preview.data);
    await writeFile(thumbnailPath, thumbnail.data);
    const { width, height } = thumbnail.info;
    return { id, name, path: thumbnailPath, previewPath, width, height, colour: hex(dominant) };
  }

  private shrink(picture: string | Buffer, longestPx: number) {
    return sharp(picture, { limitInputPixels: MAX_PIXELS })
      .autoOrient()
      .resize(longestPx, longestPx, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .sharpen()
      .jpeg({ quality: 82, mozjpeg: true })
      .toBuffer({ resolveWithObject: true });
  }
}

function hex({ r, g, b }: { r: number; g: number; b: number }): string {
  return `#${[r, g, b].map((level) => level.toString(16).padStart(2, '0')).join('')}`;
}

function damaged(cause: unknown): never {
  const [reason] = String(cause instanceof Error ? cause.message : cause).split('\n');
  throw new PermanentError(`it cannot be read to its end (${reason})`, { cause });
}
