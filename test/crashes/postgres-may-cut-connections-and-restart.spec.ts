import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres.server.js';
import { APPLICATION, customerAt, type Place, storeAt } from './fixtures/customer.js';
import { comesTrue, type HostProcess, Hosts } from './fixtures/hosts.js';
import { now } from './fixtures/diary.js';
import { account } from './fixtures/laws.js';

const CONCURRENCY = 8;
const CUTS = 4;
/** Much longer than it takes, which is up to a second; it is a machine with much else to do that this is for. */
const SECONDS_MS = 30_000;

describe('while hosts work on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ fsync: 'off' });
  });
  afterAll(() => server.stop());

  it('all their connections may be cut, again and again: nothing is lost, and nothing is aborted', async () => {
    const { hosts, workers, writer, judged } = await scene(server);
    writer.tell({ do: 'order', from: 0, to: 600 });
    for (let cut = 1; cut <= CUTS; cut++) {
      await progress(hosts, (cut * 300) / CUTS);
      await terminate(server, `application_name like 'nestjs-workers%' or application_name = '${APPLICATION}'`);
      for (const host of workers) await goesOn(host);
    }
    const { violations } = await judged();
    expect(violations).toEqual([]);
    expect(hosts.about('aborted')).toEqual([]);
    expect(hosts.about('relay').filter(({ state }) => state === 'lost')).toEqual([]);
  });

  it('the connection that holds the lock of a host may be cut: it is taken again, and what runs goes on', async () => {
    const { hosts, workers, writer, judged, place } = await scene(server);
    writer.tell({ do: 'add', tasks: [1, 2].map((n) => ({ n, does: 'wait' as const })) });
    await comesTrue(
      () => hosts.about('start').length === 2,
      () => 'both tasks to be begun',
    );
    const locks = await locksOf(server);
    expect(locks).toHaveLength(3);
    await terminate(server, `application_name = 'nestjs-workers ${place.schema}'`);
    await comesTrue(
      async () => {
        const again = await locksOf(server);
        return again.length === 3 && again.every(({ pid }) => locks.every((lock) => lock.pid !== pid));
      },
      () => 'the locks to be taken again',
    );
    for (const host of workers) for (const n of [1, 2]) host.tell({ do: 'release', n });
    const { violations, repeats } = await judged();
    expect({ violations, repeats }).toEqual({ violations: [], repeats: 0 });
    expect(hosts.about('aborted')).toEqual([]);
  });

  it.each(['fast', 'immediate'] as const)(
    'the server may go away (%s) and come back: the relays say so, nothing is lost or runs beside itself, and all go on by themselves',
    async (how) => {
      const { hosts, workers, writer, judged } = await scene(server);
      writer.tell({ do: 'order', from: 0, to: 400 });
      await progress(hosts, 50);
      await server.pause(how);
      for (const host of workers) await host.says('relay', { isClaiming: false });
      await server.resume();
      const answersAgain = now();
      for (const host of workers) await goesOn(host);
      expect(now() - answersAgain).toBeLessThan(SECONDS_MS);
      const { violations } = await judged();
      expect(violations).toEqual([]);
      for (const host of workers) {
        const states = host.all('relay').map(({ state }) => String(state));
        expect([states[0], states.at(-2), states.at(-1)]).toEqual(['claiming', 'claiming', 'stopped']);
      }
    },
  );
});

/** Two hosts and one that writes, in tables of their own. */
async function scene(server: PostgresServer) {
  const place: Place = { kind: 'postgres', url: server.url, schema: `t_${randomBytes(6).toString('hex')}` };
  const hosts = new Hosts();
  const customer = customerAt(place);
  onTestFinished(async () => {
    await hosts.close();
    await customer.close();
  });
  await customer.prepare();
  const store = storeAt(place);
  await store.open({ migrate: true });
  await store.close();
  const workers = [0, 1].map(() => hosts.start({ place, concurrency: CONCURRENCY }));
  const writer = hosts.start({ place, concurrency: 0 });
  await Promise.all(hosts.all.map((host) => host.isReady()));

  /** Waits until nothing is left, stops everything, and holds it against the laws. */
  const judged = async () => {
    if (writer.all('ordering').length > 0) await writer.says('ordered');
    const orders = await customer.orders();
    const isRun = (): boolean => new Set(hosts.about('end').map(({ n }) => n)).size >= orders.size;
    await comesTrue(isRun, () => `${orders.size} tasks to be run`);
    const left = storeAt(place);
    await left.open({ migrate: false });
    await comesTrue(
      async () =>
        Object.values(await left.stats()).every(({ ready, delayed, claimed }) => ready + delayed + claimed === 0),
      () => 'everything to be settled',
    );
    await left.close();
    await hosts.stop();
    return account(hosts, { orders, takeOverMs: SECONDS_MS });
  };
  return { place, hosts, workers, writer, judged };
}

async function progress(hosts: Hosts, count: number): Promise<void> {
  const ended = (): number => hosts.about('end').length;
  await comesTrue(
    () => ended() >= count,
    () => `${count} tasks to be run, not ${ended()}`,
  );
}

/** Waits until it claims again, and settles. */
async function goesOn(host: HostProcess): Promise<void> {
  const since = now();
  const hasDone = (): boolean => host.all('done').some(({ at }) => at > since);
  const isIdle = (): boolean => host.all('start').every(({ n }) => host.all('end').some((end) => end.n === n));
  await comesTrue(
    () => hasDone() || (isIdle() && host.all('relay').at(-1)?.['state'] === 'claiming'),
    () => `${host.name} to go on; ${host.lastWords()}`,
  );
}

async function terminate(server: PostgresServer, which: string): Promise<void> {
  await asked(server, `select pg_terminate_backend(pid) from pg_stat_activity where ${which}`);
}

function locksOf(server: PostgresServer): Promise<{ pid: number }[]> {
  return asked(server, `select pid from pg_locks where locktype = 'advisory' and granted`);
}

async function asked<T extends object>(server: PostgresServer, sql: string): Promise<T[]> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  const { rows } = await client.query<T>(sql);
  await client.end();
  return rows;
}
