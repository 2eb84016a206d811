import { describe, expect, it } from 'vitest';
import { customerAt } from './fixtures/customer.js';
import { comesTrue } from './fixtures/hosts.js';
import { hostsOfTest, KINDS, PLACES } from './fixtures/places.js';

describe.each(KINDS)('of several hosts on %s', (kind) => {
  it('each message is run by one, also one that takes longer than the lease', async () => {
    const place = PLACES[kind]();
    const hosts = hostsOfTest();
    const customer = customerAt(place);
    await customer.prepare();
    const workers = [1, 2, 3, 4].map(() => hosts.start({ place, concurrency: 2, relay: { lease: '3s' } }));
    for (const host of workers) await host.isReady();
    const tasks = [1, 2, 3, 4, 5].map((n) => ({ n, ms: n === 5 ? 7_000 : 0 }));
    workers[0]?.tell({ do: 'add', tasks });
    await comesTrue(
      () => hosts.about('done').length === 5,
      () => '5 messages to be done',
    );
    await hosts.stop();
    const handled = hosts.about('start').map(({ n }) => n);
    expect([handled.length, new Set(handled).size]).toEqual([5, 5]);
    expect(hosts.about('relay').filter(({ state }) => state === 'lost')).toEqual([]);
    await customer.close();
  });

  it('another one answers a request; and when the one that asked is killed its request is done all the same', async () => {
    const place = PLACES[kind]();
    const hosts = hostsOfTest();
    const customer = customerAt(place);
    await customer.prepare();
    const asking = await hosts.start({ place, concurrency: 1 }).isReady();
    // It has no place for anything more.
    asking.tell({ do: 'add', tasks: [{ n: 20, does: 'wait' }] });
    await asking.says('start', { n: 20 });
    const worker = await hosts.start({ place, concurrency: 2 }).isReady();
    asking.tell({ do: 'request', task: { n: 21 } });
    expect(await asking.says('answer')).toMatchObject({ n: 21, value: 42 });
    expect(worker.all('end')).toHaveLength(1);

    asking.tell({ do: 'request', task: { n: 22, does: 'wait' } });
    await worker.says('start', { n: 22 });
    asking.kill();
    await asking.ended();
    for (const n of [20, 22]) worker.tell({ do: 'release', n });
    await worker.says('end', { n: 22 });
    // With what the one that was killed was at.
    await worker.says('done', {}, 3);
    await worker.stop();
    await customer.close();
  });
});
