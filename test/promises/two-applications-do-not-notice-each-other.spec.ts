import { expect, describe, it } from 'vitest';
import { channel, Ticker, Worker, WorkerGateway, type WorkersEvent } from '@nestjs-workers/core';
import { HeldClock } from '@nestjs-workers/core/testing';
import { gate, rejection, start } from '../support/application.js';
import { codeOf } from '../support/computing.js';

const Jobs = channel<string>('jobs', { buffer: 8 });

@Worker({ in: Jobs, expose: true })
class Digger {
  readonly dug: string[] = [];

  handle(job: string): string {
    this.dug.push(job);
    if (job === 'throw') throw new Error('no');
    return job;
  }
}

@Ticker({ every: '1s' })
class Clockwork {
  ticks = 0;

  tick(): void {
    this.ticks++;
  }
}

async function application(observer?: (event: WorkersEvent) => unknown) {
  const clock = new HeldClock();
  const heard = observer === undefined ? {} : { observer };
  const app = await start({ channels: [Jobs], providers: [Digger, Clockwork], clock, ...heard });
  return { ...app, clock, digger: app.moduleRef.get(Digger), clockwork: app.moduleRef.get(Clockwork) };
}

describe('two applications in one process, of the same classes and the same channel constants', () => {
  it('have a channel each: what one is sent the other does not see', async () => {
    const [one, other] = [await application(), await application()];
    await one.gateway.command(Digger, 'gold');
    await one.workers.drain();
    expect([one.digger.dug, other.digger.dug]).toEqual([['gold'], []]);
    expect(one.gateway.channel(Jobs)).not.toBe(other.gateway.channel(Jobs));
    expect(other.gateway.stats().channels['jobs']).toMatchObject({ accepted: 0, taken: 0 });
    expect(other.gateway.stats().workers['Digger']).toMatchObject({ done: 0 });
  });

  it('tell their own observers only', async () => {
    const heard: string[] = [];
    const one = await application(({ name }) => heard.push(`one ${name}`));
    await application(({ name }) => heard.push(`other ${name}`));
    heard.length = 0;
    await one.gateway.command(Digger, 'throw');
    await one.workers.drain();
    expect(heard).toEqual(['one workers.accepted', 'one workers.started', 'one workers.error']);
  });

  it('have a time each', async () => {
    const [one, other] = [await application(), await application()];
    await one.clock.advance('3s');
    expect([one.clockwork.ticks, other.clockwork.ticks]).toEqual([3, 0]);
  });

  it('stop alone: the other one goes on', async () => {
    const [one, other] = [await application(), await application()];
    await one.gateway.stop();
    expect(await rejection(one.gateway.command(Digger, 'gold'))).toMatchObject({ code: 'WORKERS_STOPPING' });
    expect(await other.gateway.request(Digger, 'gold')).toBe('gold');
    await other.clock.advance('1s');
    expect([one.clockwork.ticks, other.clockwork.ticks]).toEqual([0, 1]);
    expect([one.gateway.stats().state, other.gateway.stats().state]).toEqual(['stopped', 'running']);
  });

  it('do not take the handlers of the other for their own: only its own may still send while one drains', async () => {
    const { opened, open } = gate();
    const answers = new Map<string, string>();
    @Worker({ in: 'foremen', expose: true })
    class Foreman {
      constructor(private readonly own: WorkerGateway) {}

      async handle(draining: WorkerGateway): Promise<void> {
        await opened;
        answers.set(draining === this.own ? 'own' : 'other', await draining.command(Digger, 'gold').catch(codeOf));
      }
    }
    const blueprint = {
      channels: [Jobs, channel<WorkerGateway>('foremen', { buffer: 8 })],
      providers: [Digger, Foreman],
    };
    const [one, other] = [await start(blueprint), await start(blueprint)];
    await one.gateway.command('Foreman', one.gateway);
    await other.gateway.command('Foreman', one.gateway);
    const stopped = one.gateway.stop();
    open();
    await stopped;
    await other.workers.drain();
    expect(Object.fromEntries(answers)).toEqual({ own: 'accepted', other: 'WORKERS_STOPPING' });
  });

  it('are configured apart', async () => {
    const one = await start({ channels: [Jobs], providers: [Digger], workers: { Digger: { concurrency: 3 } } });
    const other = await start({ channels: [Jobs], providers: [Digger] });
    const concurrency = [one, other].map(({ gateway }) => gateway.stats().workers['Digger']?.concurrency);
    expect(concurrency).toEqual([3, 1]);
  });
});
