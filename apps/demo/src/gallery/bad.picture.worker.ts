import { Worker, type WorkerFailure, type WorkerHandler } from '@nestjs-workers/core';
import { BadPictures } from '../pictures/bad.pictures.js';
import type { Ticket } from '../pictures/picture.js';
import { Gallery } from './gallery.js';

/** Reads what the other workers failed on. A failure carries its message's payload, so it knows which picture it was. */
@Worker({ in: BadPictures })
export class BadPictureWorker implements WorkerHandler<WorkerFailure<Ticket>, void> {
  constructor(private readonly gallery: Gallery) {}

  handle({ worker, message, payload: { id, name } }: WorkerFailure<Ticket>): void {
    this.gallery.refuse({ id, name, by: worker, reason: message });
  }
}
