import { Injectable } from '@nestjs/common';
import { PayloadInvalidError, WorkerGateway } from '@nestjs-workers/core';
import { Gallery, type Refusal } from '../gallery/gallery.js';
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
   * @throws (rejects) what `WorkerGateway.command` rejects with. Where that is the picture's own fault the gallery tells it too;
   * a full channel or a stopping application is no reason to call it bad.
   */
  async take(picture: Picture): Promise<void> {
    try {
      await this.workers.command(IngestWorker, picture);
    } catch (error) {
      if (error instanceof PayloadInvalidError) this.gallery.refuse(refusal(picture, error));
      else this.gallery.forget(picture);
      throw error;
    }
  }
}

function refusal({ id, name }: Picture, { issues }: PayloadInvalidError): Refusal {
  return { id, name, by: 'the gateway', reason: issues.map(({ message }) => message).join('; ') };
}
