import type { IncomingMessage, ServerResponse } from 'node:http';
import { ForbiddenException, Injectable, type NestMiddleware } from '@nestjs/common';

const OURSELVES = new Set(['localhost', '127.0.0.1']);

/**
 * Lets in only pages of our own. Listening on the loopback interface keeps other machines out; this keeps out other web sites that the
 * same browser has open: they could send forms here, or reach us under a name of theirs, and look at somebody's pictures.
 */
@Injectable()
export class LocalOnly implements NestMiddleware {
  use(request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void): void {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Referrer-Policy', 'no-referrer');
    const { host, origin } = request.headers;
    const isOurs = host !== undefined && OURSELVES.has(host.replace(/:\d+$/, ''));
    const isFromUs = origin === undefined || origin === `http://${host}`;
    if (isOurs && isFromUs) next();
    else next(new ForbiddenException('This demo answers to its own page on localhost only.'));
  }
}
