import { createReadStream } from 'node:fs';
import { Controller, Get, Header, NotFoundException, Param, StreamableFile } from '@nestjs/common';
import type { Thumbnail } from '../thumbnails/thumbnail.js';
import { Gallery } from './gallery.js';

/** Two runs may use the same address one after the other, so a browser keeps pictures only as long as the page is open. */
const CACHE = 'private, max-age=60';

/** The pictures themselves. Only what hangs in the gallery has an address; no path comes from outside. */
@Controller()
export class GalleryController {
  constructor(private readonly gallery: Gallery) {}

  @Get('thumbnails/:id')
  @Header('Cache-Control', CACHE)
  thumbnail(@Param('id') id: string): StreamableFile {
    return jpeg(this.hung(id).path);
  }

  @Get('previews/:id')
  @Header('Cache-Control', CACHE)
  preview(@Param('id') id: string): StreamableFile {
    return jpeg(this.hung(id).previewPath);
  }

  private hung(id: string): Thumbnail {
    const thumbnail = this.gallery.thumbnail(id);
    if (thumbnail === undefined) throw new NotFoundException(`There is no picture ${id}.`);
    return thumbnail;
  }
}

function jpeg(path: string): StreamableFile {
  return new StreamableFile(createReadStream(path), { type: 'image/jpeg' });
}
