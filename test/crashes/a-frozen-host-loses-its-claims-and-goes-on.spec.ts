import { describe, expect, it } from 'vitest';
import { customerAt } from './fixtures/customer.js';
import { comesTrue } from './fixtures/hosts.js';
import { hostsOfTest, KINDS, PLACES } from './fixtures/places.js';

describe.each(KINDS)('a host on %s that stands still for longer than its lease', (kind) => {
  it('loses its claims to others, records nothing more of them, and goes on with a new seat', async () => {
    const place = PLACES[kind]();
    const hosts = hostsOfTest();
    const customer = customerAt(place);
    await customer.prepare();
    const frozen = await hosts.start({ place, concurrency: 4, relay: { lease: '1s', hostId: 'frozen' } }).isReady();
    const other = await hosts.start({ place, concurrency: 0 }).isReady();
    const tasks = [
      { n: 1, does: 'wait' },
      { n: 2, does: 'wait' },
      { n: 3, does: 'wait on' },
    ] as const;
    other.tell({ do: 'add', tasks });
    for (const { n } of tasks) await frozen.says('start', { n });
    const helper = await hosts.start({ place, concurrency: 4, relay: { lease: '1s' } }).isReady();

    frozen.freeze();
    await comesTrue(
      () => hosts.about('taken over').some(({ host, claims }) => host === 'frozen' && claims === 3),
      () => 'the claims to be taken over',
    );
    // Suspects run one at a time; which of them is the first is nobody's business.
    const { n: first } = await helper.says('start');
    frozen.thaw();
    await frozen.says('relay', { state: 'lost' });
    for (const { n } of tasks) await frozen.says('aborted', { n, why: 'ClaimLostError' });
    // The handler that did not listen comes to its end, and too late.
    frozen.tell({ do: 'release', n: 3 });
    await frozen.says('end', { n: 3 });
    // With its new seat it may be given one of them again, alone, as any other host may.
    for (const host of [helper, frozen]) for (const { n } of tasks) host.tell({ do: 'release', n });
    await comesTrue(
      () => hosts.about('done').length >= 3,
      () => 'the three to be done',
    );
    expect(tasks.map(({ n }) => n)).toContain(first);

    await frozen.says('relay', { state: 'claiming' }, 2);
    await helper.stop();
    other.tell({ do: 'add', tasks: [{ n: 4 }] });
    await frozen.says('end', { n: 4 });
    await frozen.says('done', { id: '4' });
    expect(new Set(hosts.about('done').map(({ id }) => id))).toEqual(new Set(['1', '2', '3', '4']));
    expect(hosts.about('done')).toHaveLength(4);
    await hosts.stop();
    expect(await customer.seats()).toBe(0);
    await customer.close();
  });
});
