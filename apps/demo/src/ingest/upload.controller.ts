import {
  BadRequestException,
  Controller,
  HttpCode,
  HttpStatus,
  Post,
  UploadedFiles,
  UseInterceptors,
} from '@nestjs/common';
import { FilesInterceptor } from '@nestjs/platform-express';
import { httpExceptionFor, WorkersError } from '@nestjs-workers/core';
import { Gallery } from '../gallery/gallery.js';
import { originOfUpload } from '../pictures/origin.js';
import { Intake } from './intake.js';
import { MAX_UPLOADS } from './upload.limits.js';

/** What multer leaves of an uploaded file. */
interface UploadedFile {
  readonly originalname: string;
  readonly path: string;
  readonly size: number;
}

/** What became of one uploaded file. */
type Receipt =
  { readonly name: string; readonly answer: 'accepted' } | { readonly name: string; readonly error: object };

@Controller('pictures')
export class UploadController {
  constructor(
    private readonly gallery: Gallery,
    private readonly intake: Intake,
  ) {}

  /**
   * Takes up to 20 files. One that is refused among others is told so in its receipt; when all are refused, the refusal itself is the
   * answer, and `WorkersExceptionFilter` gives it its status: 400 with the list of issues, or 503 with `Retry-After`.
   */
  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  @UseInterceptors(FilesInterceptor('pictures', MAX_UPLOADS))
  async upload(@UploadedFiles() files: UploadedFile[] = []): Promise<Receipt[]> {
    if (files.length === 0) throw new BadRequestException('Send at least one file in the field "pictures".');
    const taken = await Promise.allSettled(files.map((file) => this.take(file)));
    const refusals = taken.flatMap((put) => (put.status === 'rejected' ? [put.reason as unknown] : []));
    if (refusals.length === files.length) throw refusals[0];
    return taken.map((put, nth) => receipt((files[nth] as UploadedFile).originalname, put));
  }

  private take({ originalname, path, size }: UploadedFile): Promise<void> {
    return this.intake.take({ ...this.gallery.expect(originalname, originOfUpload(path)), path, bytes: size });
  }
}

function receipt(name: string, put: PromiseSettledResult<void>): Receipt {
  if (put.status === 'fulfilled') return { name, answer: 'accepted' };
  if (!(put.reason instanceof WorkersError)) throw put.reason;
  return { name, error: httpExceptionFor(put.reason).getResponse() as object };
}
