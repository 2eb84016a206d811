import { Controller, Get, Header, type MessageEvent, Res, Sse } from '@nestjs/common';
import { Observable } from 'rxjs';
import { Feed } from './feed.js';
import { PageDocument } from './page.document.js';

/** The part of Express's response that is used here. */
interface HeaderWriter {
  setHeader(name: string, value: string): unknown;
}

@Controller()
export class PageController {
  constructor(
    private readonly document: PageDocument,
    private readonly feed: Feed,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  page(@Res({ passthrough: true }) response: HeaderWriter): string {
    response.setHeader('Content-Security-Policy', this.document.contentSecurityPolicy);
    return this.document.html;
  }

  @Sse('feed')
  events(): Observable<MessageEvent> {
    return this.feed.open();
  }
}
