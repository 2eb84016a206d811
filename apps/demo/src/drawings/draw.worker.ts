import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker, type WorkerContext, WorkerGateway, type WorkerHandler } from '@nestjs-workers/core';
import sharp from 'sharp';
import { IngestWorker } from '../ingest/ingest.worker.js';
import { OutputFolder } from '../output/output.folder.js';
import { BadPictures } from '../pictures/bad.pictures.js';
import { landscape, type Size } from './landscape.js';
import { paletteOf } from './palette.js';
import { randomFrom } from './random.js';
import { type Sketch, Sketches } from './sketch.js';

const SIZES: readonly Size[] = [
  { width: 1_500, height: 1_000 },
  { width: 1_500, height: 1_000 },
  { width: 1_000, height: 1_500 },
  { width: 1_500, height: 1_000 },
  { width: 1_500, height: 844 },
];

/** Draws a picture as a JPEG and hands it to the ingest like any other. */
@Worker({ in: Sketches, failures: BadPictures, expose: true, concurrency: 4 })
export class DrawWorker implements WorkerHandler<Sketch, void> {
  constructor(
    private readonly folder: OutputFolder,
    private readonly workers: WorkerGateway,
  ) {}

  async handle({ id, name, seed, isTorn }: Sketch, { signal }: WorkerContext): Promise<void> {
    const svg = landscape(SIZES[seed % SIZES.length] as Size, paletteOf(seed), randomFrom(seed));
    const drawn = await sharp(Buffer.from(svg)).jpeg({ quality: 88 }).toBuffer();
    const jpeg = isTorn ? drawn.subarray(0, drawn.length / 2) : drawn;
    const path = join(this.folder.drawings, name);
    await writeFile(path, jpeg);
    await this.workers.command(IngestWorker, { id, name, path, bytes: jpeg.length }, { signal });
  }
}
