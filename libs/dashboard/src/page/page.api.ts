import { Get, Header, Inject, NotFoundException, Param, Req, Res, StreamableFile } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { PageFiles } from './page.files.js';

/**
 * What the page may do: load its own script, styles and icon from where it comes, and ask there. Nothing inline, nothing from elsewhere, in
 * nobody's frame; and no text becomes markup or script, not even by a mistake of ours.
 */
export const CONTENT_SECURITY_POLICY = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `img-src 'self'`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
  `require-trusted-types-for 'script'`,
  `trusted-types 'none'`,
].join('; ');

const FOR_EVER = 'private, max-age=31536000, immutable';

/** The part of a request that is read here; Express's and Fastify's both have it. */
interface Asking {
  readonly originalUrl: string;
}

/** The page and its files, for a controller to extend that says where they are mounted and behind which guards. */
export abstract class PageApi {
  @Inject(HttpAdapterHost) private readonly host!: HttpAdapterHost;

  constructor(
    private readonly files: PageFiles,
    private readonly path: string,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', CONTENT_SECURITY_POLICY)
  @Header('X-Content-Type-Options', 'nosniff')
  @Header('X-Frame-Options', 'DENY')
  @Header('Referrer-Policy', 'no-referrer')
  @Header('Cross-Origin-Opener-Policy', 'same-origin')
  @Header('Cache-Control', 'no-store')
  page(@Req() { originalUrl }: Asking): string {
    const [asked = ''] = originalUrl.split('?');
    // Relative addresses hold behind a global prefix and behind a proxy; they count from the last slash.
    // At the root it is the global prefix that they count from.
    const last = (this.path === '' ? asked : this.path).split('/').at(-1) ?? '';
    return this.files.html(asked.endsWith('/') ? '' : `${encodeURIComponent(last)}/`);
  }

  @Get('assets/:edition/:file')
  @Header('X-Content-Type-Options', 'nosniff')
  @Header('Cross-Origin-Resource-Policy', 'same-origin')
  file(@Param('edition') edition: string, @Param('file') file: string, @Res({ passthrough: true }) response: unknown) {
    return this.send(edition, file, response);
  }

  @Get('assets/:edition/:room/:file')
  @Header('X-Content-Type-Options', 'nosniff')
  @Header('Cross-Origin-Resource-Policy', 'same-origin')
  fileOfRoom(
    @Param('edition') edition: string,
    @Param('room') room: string,
    @Param('file') file: string,
    @Res({ passthrough: true }) response: unknown,
  ) {
    return this.send(edition, `${room}/${file}`, response);
  }

  /** While two versions run side by side, one may be asked for files of the other: it gives its own, not to be kept. */
  private send(edition: string, name: string, response: unknown): StreamableFile {
    const found = this.files.find(name);
    if (found === undefined) throw new NotFoundException();
    const caching = edition === this.files.edition ? FOR_EVER : 'no-store';
    this.host.httpAdapter.setHeader(response, 'Cache-Control', caching);
    return new StreamableFile(found.content, { type: found.type, length: found.content.length });
  }
}
