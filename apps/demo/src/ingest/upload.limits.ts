import type { MulterModuleOptions } from '@nestjs/platform-express';
import type { OutputFolder } from '../output/output.folder.js';

export const MAX_UPLOADS = 20;
const MAX_UPLOAD_BYTES = 30_000_000;

/** Uploads go straight to the disk; what travels through the channels is a path. */
export function uploadsInto(folder: OutputFolder): MulterModuleOptions {
  return {
    dest: folder.uploads,
    limits: { files: MAX_UPLOADS, fileSize: MAX_UPLOAD_BYTES, fields: 4, parts: MAX_UPLOADS + 4 },
    defParamCharset: 'utf8',
  };
}
