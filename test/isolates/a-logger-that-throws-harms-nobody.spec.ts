import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it } from 'vitest';
import { channel, provideWorkers, Worker } from '@nestjs-workers/core';
import { startedOnce } from '../support/application.js';
import { isolatesOf, KINDS } from '../support/isolates.js';
import { Adder } from './fixtures/adding.js';
import { Ask, Asker, Asks, Notes, Sums } from './fixtures/asking.js';
import { GateKeeper, Gates } from './fixtures/gates.js';

const Jobs = channel<string>('jobs', { buffer: 10 });

@Worker({ in: Jobs, expose: true })
class Failing {
  handle(job: string): string {
    if (job === 'fail') throw new Error('bang');
    return job;
  }
}

describe.each(KINDS)('in the host of a $kind', ({ dispatch }) => {
  const app = startedOnce({
    channels: [Asks, Sums, Notes, Gates, Jobs],
    providers: [...provideWorkers(Asker), Adder, GateKeeper, Failing],
    workers: { Asker: { dispatch: dispatch() } },
  });
  const broken = (): never => {
    throw new Error('the disk is full');
  };
  beforeAll(() => Logger.overrideLogger({ log: broken, error: broken, warn: broken }));
  const ask = (what: string) => app().gateway.request(Asker, Object.assign(new Ask(), { what }));

  it('a line of the workers is lost, that is reported once, and they go on', async () => {
    app().workers.clear();
    await app().gateway.command(Failing, 'fail');
    expect(await app().gateway.request(Failing, 'next')).toBe('next');
    expect(app().workers.events('workers.fault')).toMatchObject([
      { source: 'observer', error: new Error('the disk is full') },
    ]);
  });

  it('a line from inside is lost and reported, and neither its message nor its isolate is', async () => {
    const [before] = isolatesOf(app(), 'Asker');
    app().workers.clear();
    await ask('log');
    expect(await ask('class')).toBeDefined();
    const fault = { source: 'logger', error: new Error('the disk is full') };
    expect(app().workers.events('workers.fault')).toMatchObject([fault, fault, fault]);
    expect(isolatesOf(app(), 'Asker')).toMatchObject([{ name: before?.name, pid: before?.pid, restarts: 0 }]);
  });
});
