import { type CanActivate, type ExecutionContext, Injectable, type INestApplication, Module } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  channel,
  PermanentError,
  type RunOptions,
  Ticker,
  Worker,
  WorkerGateway,
  WorkersModule,
} from '@nestjs-workers/core';
import { type WorkersTesting, workersTesting } from '@nestjs-workers/core/testing';
import { DashboardModule, type DashboardModuleOptions } from '@nestjs-workers/dashboard';
import { durable, OutboxModule } from '@nestjs-workers/outbox';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import { accept, type Decision, Workflow, Workflows, WorkflowsModule } from '@nestjs-workers/workflows';
import { gate } from '../support/application.js';

/** What would run if it became markup anywhere. */
export const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>"'&`;

export const ADAPTERS = { express: () => new ExpressAdapter(), fastify: () => new FastifyAdapter() };

const Uploads = channel<string>('uploads', { buffer: 8 });
const Thumbnails = channel<string>('thumbnails', { buffer: 4, bufferType: 'dropping' });
const Sealed = channel<string>(`sealed ${HOSTILE}`, { buffer: 2 });
const Emails = durable<{ to: string }>('emails');

/** Holds back whoever resizes `slow`, until it is let go. */
@Injectable()
class Brake {
  readonly gate = gate();
}

@Worker({ in: Uploads, out: Thumbnails, expose: true, concurrency: 4 })
export class Resizer {
  constructor(private readonly brake: Brake) {}

  async handle(path: string): Promise<string> {
    if (path === 'slow') await this.brake.gate.opened;
    if (path === 'bad') throw new Error(HOSTILE);
    return `${path}.png`;
  }
}

@Worker({ in: Sealed, name: HOSTILE, expose: true })
class Sealer {
  handle(): void {}
}

@Worker({ in: Emails, expose: true })
export class Mailer {
  handle({ to }: { to: string }): void {
    if (to.startsWith('nobody')) throw new PermanentError(`no such address: ${to}`);
  }
}

@Ticker({ every: '1h' })
class Clock {
  tick(): void {}
}

@Workflow('order')
class OrderWorkflow {
  initial() {
    return { status: 'new' };
  }

  evolve(_state: { status: string }, event: { type: string }) {
    return { status: event.type };
  }

  decide(_state: { status: string }, input: { type: string }): Decision<{ type: string }> {
    return accept({ type: input.type });
  }
}

/** Lets in whoever has the cookie, as a browser sends it. */
@Injectable()
export class CookieGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    return /(^|; )who=ann/.test(headers['cookie'] ?? '');
  }
}

export interface House {
  readonly url: string;
  readonly app: INestApplication;
  readonly gateway: WorkerGateway;
  readonly workers: WorkersTesting;
  readonly workflows: Workflows;
  readonly letSlowOnesGo: () => void;
  close(): Promise<void>;
}

/** An application with everything the page can show, and names that are out for trouble. */
export async function openHouse(
  adapter: keyof typeof ADAPTERS,
  {
    prefix,
    port = 0,
    run = {},
    ...rules
  }: DashboardModuleOptions & { readonly prefix?: string; readonly port?: number; readonly run?: RunOptions } = {},
): Promise<House> {
  @Module({
    imports: [
      WorkersModule.forRoot({ channels: [Uploads, Thumbnails, Sealed, Emails], guard: 'off', run }),
      OutboxModule.forRoot({ store: memoryStore() }),
      WorkflowsModule.forRoot({ workflows: [OrderWorkflow] }),
      DashboardModule.forRoot({
        path: 'operations/workers',
        guards: [CookieGuard],
        actor: () => 'ann',
        write: true,
        redact: (payload) => payload,
        ...rules,
      }),
    ],
    providers: [Brake, Resizer, Sealer, Mailer, Clock],
  })
  class AppModule {}
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .setLogger({ log: () => {}, warn: () => {}, error: () => {} })
    .compile();
  const workers = workersTesting(moduleRef);
  const app = moduleRef.createNestApplication<INestApplication>(ADAPTERS[adapter]());
  if (prefix !== undefined) app.setGlobalPrefix(prefix);
  await app.listen(port, '127.0.0.1');
  const base = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    url: `${base}/${prefix === undefined ? '' : `${prefix}/`}operations/workers`,
    app,
    gateway: app.get(WorkerGateway),
    workers,
    workflows: app.get(Workflows),
    letSlowOnesGo: app.get(Brake).gate.open,
    close: () => app.close(),
  };
}
