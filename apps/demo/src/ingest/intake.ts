import { Injectable } from '@nestjs/common';
import { PayloadInvalidError, WorkerGateway } from '@nestjs-workers/core';
import { Gallery } from '../gallery/gallery.js';
import type { Picture } from '../pictures/picture.js';
import { IngestWorker } from './ingest.worker.js';

/** The one door for files, from a folder as from the page. */
@Injectable()
export class Intake {
  constructor(
    private readonly workers: WorkerGateway,
    private readonly gallery: Gallery,
  ) {}

  /**
   * Resolves when the picture has found room, which may take a while: that is the back-pressure.
   *
   * @throws (rejects) what `WorkerGateway.command` rejects with; a refused picture is reported in the gallery too
   */
  async take(picture: Picture): Promise<void> {
    try {
      await this.workers.command(IngestWorker, picture);
    } catch (error) {
      this.gallery.refuse({ id: picture.id, name: picture.name, by: 'the gateway', reason: reasonOf(error) });
      throw error;
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof PayloadInvalidError) return error.issues.map(({ message }) => message).join('; ');
  return error instanceof Error ? error.message : String(error);
}
