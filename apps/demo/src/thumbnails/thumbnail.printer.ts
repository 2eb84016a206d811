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
  async print(original: Original, signal: AbortSignal): Promise<Thumbnail> {
    const { id, name, path, printPath, thumbnailPath, previewPath } = original;
    const preview = await sharp(path, { limitInputPixels: MAX_PIXELS })
      .autoOrient()
      .resize(PREVIEW_PX, PREVIEW_PX, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: 82 })
      .toBuffer()
      .catch(damaged);
    signal.throwIfAborted();
    const thumbnail = await sharp(preview)
      .resize(THUMBNAIL_PX, THUMBNAIL_PX, { fit: 'inside', withoutEnlargement: true })
      .sharpen()
      .jpeg({ quality: 80, mozjpeg: true })
      .toBuffer({ resolveWithObject: true });
    const { dominant } = await sharp(thumbnail.data).stats();
    await writeFile(previewPath, preview);
    await writeFile(printPath, thumbnail.data);
    const { width, height } = thumbnail.info;
    return { id, name, printPath, path: thumbnailPath, previewPath, width, height, colour: hex(dominant) };
  }
}

function hex({ r, g, b }: { r: number; g: number; b: number }): string {
  return `#${[r, g, b].map((level) => level.toString(16).padStart(2, '0')).join('')}`;
}

function damaged(cause: unknown): never {
  const [reason] = String(cause instanceof Error ? cause.message : cause).split('\n');
  throw new PermanentError(`it cannot be read to its end (${reason})`, { cause });
}
