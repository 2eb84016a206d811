import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { WorkersAdmin } from '../admin/workers.admin.js';

/**
 * Ends the connection of whoever asks when the workers have stopped. A server that closes waits for its connections, and a page that
 * looks for signs of life would keep one for ever.
 */
@Injectable()
export class Farewell implements NestInterceptor {
  constructor(
    @Inject(WorkersAdmin) private readonly admin: WorkersAdmin,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.admin.state === 'stopped')
      this.host.httpAdapter.setHeader(context.switchToHttp().getResponse(), 'Connection', 'close');
    return next.handle();
  }
}
