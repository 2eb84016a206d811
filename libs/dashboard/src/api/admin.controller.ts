import {
  type CanActivate,
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  ServiceUnavailableException,
  Sse,
  type Type,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { Redact } from '@nestjs-workers/core';
import { finalize, map, merge, type Observable } from 'rxjs';
import { WorkersAdmin } from '../admin/workers.admin.js';
import { AdminErrors } from './admin.errors.js';
import { asked } from './asked.js';
import { shownEvent } from './shown.event.js';
import { writable } from './write.guard.js';

/** What `createWorkersAdminController` takes. */
export interface WorkersAdminControllerOptions {
  /** Where it is mounted. @default 'workers' */
  readonly path?: string;
  /** Who may come in: the application's own guards. An empty list lets everybody in, and has to be written. */
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  /** Whether it may be acted, and not only looked. @default false */
  readonly write?: boolean;
  /** What may be seen of payloads and headers. @default nothing */
  readonly redact?: Redact;
  /** Who does it, from the request that a guard has let in; stands in the events. @default nobody is named */
  readonly actor?: (request: never) => string | undefined;
  /** How many may watch the stream at a time; the next one is told 503. @default 32 */
  readonly maxStreams?: number;
}

/** What one who watches gets: `snapshot` in its pace, and `event` as it happens. */
interface StreamMessage {
  readonly type: 'snapshot' | 'event';
  readonly data: object;
}

/**
 * Makes a controller with the admin API, to be listed among a module's `controllers`, with `WorkersAdmin` among its providers. It uses
 * Nest's own decorators, and nothing of a platform.
 *
 * - `GET topology`, `GET snapshot`; `GET stream?everyMs=1000`: both as server-sent events, `snapshot` and `event`
 * - `GET channels/:channel/messages?limit=10`, `GET dead-letters?channel=&reason=&since=&until=&limit=&before=`
 * - with `write`: `POST pause`, `resume` (`{ worker }` or `{ channel }`), `concurrency` (`{ worker, concurrency }`), `drain`,
 *   `dead-letters/retry`, `dead-letters/discard` (`{ ids }` or `{ channel, reason, since, until }`), `dead-letters/:id/edit` (`{ payload }`)
 *
 * What is posted has to be `application/json`: a form of another site cannot send that, so a guard by cookie is not tricked.
 * Errors: 400 for what cannot be meant, 403 where it is read-only, 404 for who is not there, 415, 503 when the store is away.
 */
export function createWorkersAdminController(options: WorkersAdminControllerOptions): Type {
  const { path = 'workers', guards, write = false, redact, maxStreams = 32 } = options;
  const actorOf = (request: unknown): { actor?: string } => {
    const actor = options.actor?.(request as never);
    return actor === undefined ? {} : { actor };
  };
  const Write = writable(write);

  @Controller(path)
  @UseGuards(...guards)
  @UseInterceptors(AdminErrors)
  class WorkersAdminController {
    private watching = 0;

    constructor(@Inject(WorkersAdmin) private readonly admin: WorkersAdmin) {}

    @Get('topology')
    async topology() {
      const hasDeadLetters = await this.admin.hasDeadLetters();
      return { ...this.admin.topology(), isWritable: write, showsPayloads: redact !== undefined, hasDeadLetters };
    }

    @Get('snapshot')
    snapshot() {
      return this.admin.snapshot();
    }

    @Sse('stream')
    stream(@Query() query: unknown): Observable<StreamMessage> {
      const everyMs = asked(query).number('everyMs', 1_000, { min: 200, max: 60_000 });
      if (this.watching >= maxStreams) throw new ServiceUnavailableException(`${maxStreams} watch already`);
      this.watching++;
      const snapshots = this.admin.snapshots$(everyMs).pipe(map((data): StreamMessage => ({ type: 'snapshot', data })));
      const events = this.admin.events$.pipe(
        map((event): StreamMessage => ({ type: 'event', data: shownEvent(event) })),
      );
      return merge(snapshots, events).pipe(finalize(() => this.watching--));
    }

    @Get('channels/:channel/messages')
    messages(@Param('channel') channel: string, @Query() query: unknown, @Req() request: unknown) {
      const limit = asked(query).number('limit', 10, { min: 1, max: 100 });
      return this.admin.peek(channel, limit, { ...actorOf(request), redact });
    }

    @Get('dead-letters')
    async deadLetters(@Query() query: unknown, @Req() request: unknown) {
      const given = asked(query);
      const before = given.text('before');
      const page = {
        limit: given.number('limit', 50, { min: 1, max: 500 }),
        ...(before === undefined ? {} : { before }),
      };
      const wanted = given.letters();
      const letters = await this.admin.deadLetters(wanted, page, { ...actorOf(request), redact });
      return { count: await this.admin.countDeadLetters(wanted), letters };
    }

    @Post('pause')
    @HttpCode(204)
    @UseGuards(Write)
    pause(@Body() body: unknown, @Req() request: unknown) {
      return this.admin.pause(asked(body).target(), actorOf(request));
    }

    @Post('resume')
    @HttpCode(204)
    @UseGuards(Write)
    resume(@Body() body: unknown, @Req() request: unknown) {
      return this.admin.resume(asked(body).target(), actorOf(request));
    }

    @Post('concurrency')
    @HttpCode(204)
    @UseGuards(Write)
    concurrency(@Body() body: unknown, @Req() request: unknown) {
      const given = asked(body);
      const concurrency = given.number('concurrency', undefined, { min: 1, max: Number.MAX_SAFE_INTEGER });
      this.admin.setConcurrency({ worker: given.name('worker') }, concurrency, actorOf(request));
    }

    @Post('drain')
    @HttpCode(202)
    @UseGuards(Write)
    drain(@Req() request: unknown) {
      this.admin.drain(actorOf(request));
    }

    @Post('dead-letters/retry')
    @HttpCode(200)
    @UseGuards(Write)
    async retry(@Body() body: unknown, @Req() request: unknown) {
      return { ids: await this.admin.retryDeadLetters(asked(body).selection(), actorOf(request)) };
    }

    @Post('dead-letters/discard')
    @HttpCode(200)
    @UseGuards(Write)
    async discard(@Body() body: unknown, @Req() request: unknown) {
      return { ids: await this.admin.discardDeadLetters(asked(body).selection(), actorOf(request)) };
    }

    @Post('dead-letters/:id/edit')
    @HttpCode(204)
    @UseGuards(Write)
    edit(@Param('id') id: string, @Body() body: unknown, @Req() request: unknown) {
      return this.admin.editDeadLetter(id, asked(body).value('payload'), actorOf(request));
    }
  }
  return WorkersAdminController;
}
