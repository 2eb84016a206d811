import { describe, expect, it } from 'vitest';
import { channel, Worker, type WorkerFailure } from '@nestjs-workers/core';
import { HeldClock, until } from '@nestjs-workers/core/testing';
import { start } from '../support/application.js';
import { listeningCaller, SlowToSettle } from '../support/settling.js';

type Job = 'value' | 'throw' | 'hang';

const Jobs = channel<Job>('jobs', { buffer: 8 });
const Results = channel<string>('results', { buffer: 8 });
const Failures = channel<WorkerFailure>('failures', { buffer: 8 });

@Worker({ in: Jobs, out: Results, failures: Failures, expose: true, timeout: '1s' })
class Digger {
  handle(job: Job): string | Promise<string> {
    if (job === 'throw') throw new Error('no');
    return job === 'hang' ? new Promise(() => {}) : 'gold';
  }
}

const OUTCOMES = new Set<string>(['workers.completed', 'workers.error', 'workers.timeout', 'workers.aborted']);

/** An application, one message on its way through it, and a transcript of everybody who is told of the outcome. */
async function following(job: Job) {
  const clock = new HeldClock();
  const { gateway, workers } = await start({ channels: [Jobs, Results, Failures], providers: [Digger], clock });
  const heard: string[] = [];
  gateway.channel(Results).subscribe((result) => heard.push(`output ${result}`));
  gateway.channel(Failures).subscribe(({ kind }) => heard.push(`failures ${kind}`));
  const message = new SlowToSettle(
    job,
    listeningCaller((what) => heard.push(`reply ${what}`)),
  );
  void gateway.channel(Jobs).put(message);
  await clock.advance('1s');
  const events = (): string[] => workers.events().flatMap(({ name }) => (OUTCOMES.has(name) ? [name] : []));
  return { gateway, workers, message, heard, events };
}

describe('events come after settling', () => {
  const transcripts = [
    { job: 'value', heard: ['reply gold', 'output gold'], told: ['workers.completed'] },
    { job: 'throw', heard: ['reply HandlerFailedError', 'failures handler_error'], told: ['workers.error'] },
    {
      job: 'hang',
      heard: ['reply HandlerTimeoutError', 'failures handler_timeout'],
      told: ['workers.error', 'workers.timeout'],
    },
  ] as const;

  it.each(transcripts)('never before: while a $job settles, nobody is told', async ({ job, heard: hears, told }) => {
    const { message, heard, events } = await following(job);
    expect(message.outcome).toBeDefined();
    expect([heard, events()]).toEqual([[], []]);
    message.commit();
    await until(() => events().length === told.length);
    expect(heard).toEqual(hears);
    expect(events()).toEqual(told);
  });

  it.each(transcripts)(
    'never without it: of a $job that cannot settle no outcome is told, only the fault, and the caller hears of it',
    async ({ job }) => {
      const { message, heard, events, workers } = await following(job);
      const fault = workers.next('workers.fault');
      message.commit(new Error('disk full'));
      expect(await fault).toMatchObject({ source: 'settle of worker "Digger"', error: { message: 'disk full' } });
      expect(heard).toEqual(['reply disk full']);
      expect(events()).toEqual([]);
    },
  );

  it('in one order: the settling, the caller, the output, then the observers', async () => {
    const order: string[] = [];
    const { gateway, workers } = await following('value');
    class Watched extends SlowToSettle<Job> {
      override settle(): void | Promise<void> {
        return Promise.resolve().then(() => void order.push('settled'));
      }
    }
    const caller = listeningCaller(() => order.push('caller'));
    gateway.channel(Results).tap$.subscribe(() => order.push('output'));
    const told = workers.next('workers.completed', () => order.push('observers') > 0);
    void gateway.channel(Jobs).put(new Watched('value', caller));
    await told;
    expect(order).toEqual(['settled', 'caller', 'output', 'observers']);
  });
});
