import { channel, type WorkerFailure } from '@nestjs-workers/core';
import type { Ticket } from './picture.js';

/** Where the workers' failures go, instead of into the log. */
export const BadPictures = channel<WorkerFailure<Ticket>>('bad-pictures', { buffer: 32 });
