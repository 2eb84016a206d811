import { describe, expect, it } from 'vitest';
import { customerAt, storeAt } from './fixtures/customer.js';
import { comesTrue } from './fixtures/hosts.js';
import type { Plan } from './fixtures/host.js';
import { hostsOfTest, KINDS, PLACES } from './fixtures/places.js';

const MAX_CRASHES = 3;
const POISON = 5;
/** They are in flight when the poison is taken, and long enough to be so when it works. */
const TASKS = Array.from({ length: 10 }, (_, n) => (n === POISON ? { n, does: 'kill' as const } : { n, ms: 300 }));

describe.each(KINDS)('a message on %s that kills its process', (kind) => {
  it('is a dead letter after so many deaths; its neighbours are done, and none of them is buried', async () => {
    const place = PLACES[kind]();
    const hosts = hostsOfTest();
    const customer = customerAt(place);
    await customer.prepare();
    const plan: Plan = { place, concurrency: 16, relay: { maxCrashes: MAX_CRASHES } };
    // Whoever takes over decides by its own option what is too much.
    const writer = await hosts.start({ ...plan, concurrency: 0 }).isReady();
    writer.tell({ do: 'add', tasks: TASKS });
    const lives = [hosts.start(plan)];
    const done = (): number => hosts.about('done').length;
    const buried = (): number => hosts.about('buried').length;
    await comesTrue(
      () => {
        // Somebody supervises every application.
        if (lives.at(-1)?.exitCode !== undefined) lives.push(hosts.start(plan));
        return buried() > 0 && done() === TASKS.length - 1;
      },
      () => `${done()} of ${TASKS.length - 1} done, and ${buried()} buried`,
    );
    expect(lives.length - 1).toBeLessThanOrEqual(MAX_CRASHES);
    await hosts.stop();
    const [letter, ...others] = await deadLettersAt(place);
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ reason: 'crashed', crashes: MAX_CRASHES });
    expect(JSON.parse(letter?.payload ?? '')).toMatchObject({ n: POISON });
    expect(letter?.history).toHaveLength(MAX_CRASHES);
    await customer.close();
  });

  it('is one that kills its isolate, too; the application lives', async () => {
    const place = PLACES[kind]();
    const hosts = hostsOfTest();
    const customer = customerAt(place);
    await customer.prepare();
    const host = await hosts
      .start({ place, concurrency: 4, isIsolated: true, relay: { maxCrashes: MAX_CRASHES } })
      .isReady();
    host.tell({ do: 'add', tasks: TASKS.map((task) => ({ ...task, ms: 20 })) });
    await host.says('buried');
    await host.says('done', {}, TASKS.length - 1);
    await host.says('error', {}, MAX_CRASHES);
    await hosts.stop();
    // The blame is exact: none but the poison has died with an isolate.
    expect(host.all('error').map(({ kind: fault }) => fault)).toEqual(Array(MAX_CRASHES).fill('isolate_crashed'));
    const letters = await deadLettersAt(place);
    expect(letters).toMatchObject([{ reason: 'crashed', crashes: MAX_CRASHES }]);
    expect(letters[0]?.history).toHaveLength(MAX_CRASHES);
    await customer.close();
  });
});

async function deadLettersAt(place: Plan['place']) {
  const store = storeAt(place);
  await store.open({ migrate: false });
  const letters = await store.deadLetters.find({}, { limit: 10 });
  await store.close();
  return letters;
}
