import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { describe, expect, it, onTestFinished } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { WorkerGateway } from '../gateway/worker.gateway.js';
import type { ChannelStats, RelayStats, WorkersStats, WorkerStats } from '../observe/stats.js';
import { until } from '../testing/until.js';
import { Worker } from '../worker/worker.decorator.js';
import { WorkersModule } from '../workers.module.js';
import { liveness, readiness } from './judgement.js';
import { WorkersHealthIndicator } from './index.js';

const running: WorkersStats = { state: 'running', channels: {}, workers: {}, tickers: {}, relays: {} };

function relay(said: Partial<RelayStats>): WorkersStats {
  const relays = {
    outbox: { store: 'postgres', state: 'claiming', sinceLookMs: 10, sinceAnswerMs: 10, ...said } as const,
  };
  return { ...running, relays };
}

describe('liveness', () => {
  it('is up however much there is to do, and however the store fares', () => {
    const full = { ...running, channels: { jobs: { isSaturated: true } as ChannelStats } };
    for (const stats of [running, full, relay({ state: 'unreachable', sinceAnswerMs: 1e6 }), relay({ state: 'lost' })])
      expect(liveness(stats, [])).toEqual({ status: 'up', reasons: [] });
    for (const state of ['idle', 'draining', 'stopped'] as const)
      expect(liveness({ ...running, state }, []).status).toBe('up');
  });

  it('is down when a relay has come to a standstill, but not one that has stopped', () => {
    expect(liveness(relay({ sinceLookMs: 60_001 }), [])).toEqual({
      status: 'down',
      reasons: ['outbox: has not looked after its postgres store for 60001 ms'],
    });
    expect(liveness(relay({ sinceLookMs: 60_001 }), [], { lookWithinMs: 90_000 }).status).toBe('up');
    expect(liveness(relay({ sinceLookMs: 1e9, state: 'stopped' }), []).status).toBe('up');
  });

  it('is down when a worker does not take what it could', () => {
    expect(liveness(running, ['Mailer'])).toEqual({
      status: 'down',
      reasons: ['worker "Mailer" has room and does not take what waits'],
    });
  });
});

describe('readiness', () => {
  it('is down unless the workers run', () => {
    for (const state of ['idle', 'starting', 'draining', 'stopped'] as const)
      expect(readiness({ ...running, state }, [])).toEqual({ status: 'down', reasons: [`the workers are ${state}`] });
    expect(readiness(running, [])).toEqual({ status: 'up', reasons: [] });
  });

  it('is degraded by a full channel and by waiting, unless it is told to be down', () => {
    const full = { ...running, channels: { jobs: { isSaturated: true, depth: 9, capacity: 10 } as ChannelStats } };
    expect(readiness(full, ['mails'])).toEqual({
      status: 'degraded',
      reasons: ['channel "jobs" is nearly full: 9 of 10', 'messages wait too long on channel "mails"'],
    });
    expect(readiness(full, [], { saturation: 'down' }).status).toBe('down');
    expect(readiness(full, ['mails'], { saturation: 'ignore', starvation: 'ignore' })).toEqual({
      status: 'up',
      reasons: [],
    });
  });

  it('is down while a store is away, also while it is still being asked, unless that is only told of', () => {
    for (const away of [relay({ state: 'unreachable' }), relay({ state: 'lost' }), relay({ sinceAnswerMs: 10_001 })])
      expect(readiness(away, []).status).toBe('down');
    expect(readiness(relay({ state: 'unreachable' }), [], { store: 'degraded' }).status).toBe('degraded');
    expect(readiness(relay({ sinceAnswerMs: 10_001 }), [], { answerWithinMs: 20_000 }).status).toBe('up');
    expect(readiness(relay({ state: 'idle', sinceAnswerMs: 1e6 }), []).status).toBe('up');
  });

  it('is degraded when the isolates of a worker only die, not when it needs none now', () => {
    const of = (isCrashLooping: boolean) => {
      const Hasher = { isolates: [], isolateDeaths: 5, isCrashLooping } as unknown as WorkerStats;
      return { ...running, workers: { Hasher } };
    };
    expect(readiness(of(true), [])).toEqual({
      status: 'degraded',
      reasons: ['the isolates of worker "Hasher" only die: 5 so far'],
    });
    expect(readiness(of(true), [], { isolates: 'down' }).status).toBe('down');
    expect(readiness(of(false), []).status).toBe('up');
    // They are tried again by themselves, and a new process would have no others.
    expect(liveness(of(true), []).status).toBe('up');
  });
});

const Jobs = channel<number>('jobs', { buffer: 10, bufferType: 'dropping' });

@Worker({ in: Jobs, expose: true })
class Holder {
  static readonly held: (() => void)[] = [];

  handle(): Promise<void> {
    return new Promise((resolve) => void Holder.held.push(resolve));
  }
}

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly workers: WorkersHealthIndicator,
  ) {}

  @Get('live')
  live() {
    return this.health.check([() => this.workers.liveness()]);
  }

  @Get('ready')
  ready() {
    return this.health.check([() => this.workers.readiness('pipeline')]);
  }
}

@Module({
  imports: [
    TerminusModule.forRoot({ logger: false }),
    WorkersModule.forRoot({ channels: [Jobs], guard: 'off', shutdown: { deadline: '500ms', abortGrace: '100ms' } }),
  ],
  controllers: [HealthController],
  providers: [Holder, WorkersHealthIndicator],
})
class AppModule {}

describe('the health of a running application', () => {
  it('is told over HTTP: up, degraded with 200, down with 503 while it drains', async () => {
    const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger({ log: () => {}, warn: () => {}, error: () => {} })
      .compile();
    const app = moduleRef.createNestApplication() as INestApplication<never>;
    await app.init();
    onTestFinished(() => app.close());
    const get = (path: string) => request(app.getHttpServer()).get(`/health/${path}`);
    expect(await get('ready')).toMatchObject({
      status: 200,
      body: { status: 'ok', info: { pipeline: { status: 'up', state: 'running' } } },
    });
    const gateway = app.get(WorkerGateway);
    for (let n = 0; n < 10; n++) await gateway.command(Holder, n);
    await until(() => gateway.stats().channels['jobs']?.isSaturated === true);
    expect(await get('ready')).toMatchObject({
      status: 200,
      body: {
        status: 'degraded',
        details: { pipeline: { status: 'degraded', reasons: ['channel "jobs" is nearly full: 9 of 10'] } },
      },
    });
    expect(await get('live')).toMatchObject({ status: 200, body: { info: { workers: { status: 'up' } } } });
    const stopping = gateway.stop();
    const draining = await get('ready');
    expect([draining.status, draining.body]).toMatchObject([503, { status: 'error' }]);
    expect(JSON.stringify(draining.body)).toContain('the workers are draining');
    expect((await get('live')).status).toBe(200);
    await stopping;
  });
});
