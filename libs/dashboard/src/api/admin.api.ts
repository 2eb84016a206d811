import {
  Body,
  ForbiddenException,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Sse,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { BOUNDS_MS } from '@nestjs-workers/core/extension';
import { endWith, ignoreElements, map, merge, type Observable, takeUntil } from 'rxjs';
import type { WorkersAdmin } from '../admin/workers.admin.js';
import type { ResolvedRules } from './admin.options.js';
import { asked } from './asked.js';
import { shownEvent } from './shown.event.js';
import type { Watchers } from './watchers.js';

/** What one who watches gets: `snapshot` in its pace, and `event` as it happens. */
interface StreamMessage {
  readonly type: 'snapshot' | 'event';
  readonly data: object;
}

/** The part of a request that is read here; Express's and Fastify's both have it. */
interface Asking {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * The admin API, for a controller to extend that says where it is mounted and behind which guards. It uses Nest's own decorators, and
 * nothing of a platform.
 *
 * - `GET topology`, `GET snapshot`; `GET stream?everyMs=1000`: server-sent events, `snapshot` and `event`
 * - `GET channels/:channel/messages?limit=10`, `GET dead-letters?channel=&reason=&since=&until=&limit=&before=`, or `?id=`
 * - `GET workflows/:workflow/instances?state=&limit=&before=`, `GET workflows/:workflow/diagram?id=&instances=`
 * - with `write`: `POST pause`, `resume` (`{ worker }` or `{ channel }`), `concurrency` (`{ worker, concurrency }`), `drain`,
 *   `dead-letters/retry`, `dead-letters/discard` (`{ ids }` or `{ channel, reason, since, until }`), `dead-letters/:id/edit` (`{ payload }`)
 *
 * What is posted has to be `application/json`: a form of another site cannot send that, so a guard by cookie is not tricked.
 * Errors: 400 for what cannot be meant, 403 where it is read-only, 404 for who is not there, 409 for who runs
 * elsewhere, 415, 503 when the store is away.
 */
export abstract class AdminApi {
  constructor(
    private readonly admin: WorkersAdmin,
    private readonly rules: ResolvedRules,
    private readonly watchers: Watchers,
  ) {}

  @Get('topology')
  async topology() {
    const [hasDeadLetters, workflows] = await Promise.all([this.admin.hasDeadLetters(), this.admin.workflowNames()]);
    return {
      ...this.admin.topology(),
      boundsMs: BOUNDS_MS,
      isWritable: this.rules.write,
      showsPayloads: this.rules.redact !== undefined,
      hasDeadLetters,
      workflows,
    };
  }

  @Get('snapshot')
  snapshot() {
    return this.admin.snapshot();
  }

  @Sse('stream')
  stream(@Query() query: unknown): Observable<StreamMessage> {
    const everyMs = asked(query).number('everyMs', 1_000, { min: 200, max: 60_000 });
    return this.watchers.admit(this.admin, this.rules.maxStreams, () => this.told(everyMs));
  }

  @Get('channels/:channel/messages')
  messages(@Param('channel') channel: string, @Query() query: unknown, @Req() request: unknown) {
    const limit = asked(query).number('limit', 10, { min: 1, max: 100 });
    return this.admin.peek(channel, limit, { ...this.looking(request), redact: this.rules.redact });
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
    const by = { ...this.looking(request), redact: this.rules.redact };
    const letters = await this.admin.deadLetters(wanted, page, by);
    return { count: await this.admin.countDeadLetters(wanted), letters };
  }

  @Get('workflows/:workflow/instances')
  instances(@Param('workflow') workflow: string, @Query() query: unknown) {
    const given = asked(query);
    const state = given.choice('state', ['running', 'completed']);
    const before = given.text('before');
    return this.admin.instances({
      workflow,
      limit: given.number('limit', 50, { min: 1, max: 500 }),
      ...(state === undefined ? {} : { state }),
      ...(before === undefined ? {} : { before: given.number('before', undefined, ANY) }),
    });
  }

  @Get('workflows/:workflow/diagram')
  async diagram(@Param('workflow') workflow: string, @Query() query: unknown) {
    const given = asked(query);
    const id = given.text('id');
    const instances = given.number('instances', 100, { min: 1, max: 1_000 });
    return { diagram: await this.admin.diagram(workflow, { instances, ...(id === undefined ? {} : { id }) }) };
  }

  @Post('pause')
  @HttpCode(204)
  pause(@Body() body: unknown, @Req() request: unknown) {
    const by = this.acting(request);
    return this.admin.pause(asked(body).target(), by);
  }

  @Post('resume')
  @HttpCode(204)
  resume(@Body() body: unknown, @Req() request: unknown) {
    const by = this.acting(request);
    return this.admin.resume(asked(body).target(), by);
  }

  @Post('concurrency')
  @HttpCode(204)
  concurrency(@Body() body: unknown, @Req() request: unknown) {
    const by = this.acting(request);
    const given = asked(body);
    this.admin.setConcurrency({ worker: given.name('worker') }, given.number('concurrency', undefined, ANY), by);
  }

  @Post('drain')
  @HttpCode(202)
  drain(@Req() request: unknown) {
    this.admin.drain(this.acting(request));
  }

  @Post('dead-letters/retry')
  @HttpCode(200)
  async retry(@Body() body: unknown, @Req() request: unknown) {
    const by = this.acting(request);
    return { ids: await this.admin.retryDeadLetters(asked(body).selection(), by) };
  }

  @Post('dead-letters/discard')
  @HttpCode(200)
  async discard(@Body() body: unknown, @Req() request: unknown) {
    const by = this.acting(request);
    return { ids: await this.admin.discardDeadLetters(asked(body).selection(), by) };
  }

  @Post('dead-letters/:id/edit')
  @HttpCode(204)
  edit(@Param('id') id: string, @Body() body: unknown, @Req() request: unknown) {
    const by = this.acting(request);
    return this.admin.editDeadLetter(id, asked(body).value('payload'), by);
  }

  private told(everyMs: number): Observable<StreamMessage> {
    const snapshots = this.admin.snapshots$(everyMs).pipe(map((data): StreamMessage => ({ type: 'snapshot', data })));
    const events = this.admin.events$.pipe(map((event): StreamMessage => ({ type: 'event', data: shownEvent(event) })));
    // With the workers' end there is nothing more to tell; a stream left open would hold up a server that closes.
    const over = snapshots.pipe(ignoreElements(), endWith(undefined));
    return merge(snapshots, events.pipe(takeUntil(over)));
  }

  private looking(request: unknown): { actor?: string } {
    const actor = this.rules.actor?.(request);
    return actor === undefined ? {} : { actor };
  }

  /** Who acts, where there may be any action; and it came as no other site's form could have sent it. */
  private acting(request: unknown): { actor?: string } {
    if (!this.rules.write) throw new ForbiddenException('This is read-only. Mount it with write: true.');
    const { headers } = request as Asking;
    if (/^application\/json\b/i.test(headers['content-type'] ?? '')) return this.looking(request);
    throw new UnsupportedMediaTypeException('Send application/json');
  }
}

const ANY = { min: 1, max: Number.MAX_SAFE_INTEGER };
