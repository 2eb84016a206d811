import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '@nestjs-workers/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FROM_SOURCES } from '../../../../test/support/sources.js';
import { idsOf, message } from '../store/scene.contract.js';
import type { Seat, Store, TakenOver } from '../store/store.js';
import { hostLockClass } from './lock.life.js';
import { PostgresScene, proxied } from './fixtures/scene.js';

const wanted = [{ channel: 'a', room: 10 }];

/** Looks after the others as a relay does, each half second, until a host is found dead: `halves` of a second later. */
async function observe(store: Store, seat: Seat): Promise<TakenOver & { readonly halves: number }> {
  for (let halves = 0; ; halves++) {
    const report = await store.takeOver(seat, ['a'], 3);
    if (report.hosts.length > 0) return { ...report, halves };
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Another process that has claimed everything. */
async function victim(scene: PostgresScene, liveness: 'lock' | 'heartbeat', leaseMs = 60_000) {
  const { connectionString, schema } = scene.data;
  const script = fileURLToPath(new URL('fixtures/claiming.process.ts', import.meta.url));
  const child = spawn(process.execPath, [...FROM_SOURCES, script, connectionString, schema, liveness, `${leaseMs}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  child.stdout.on('data', (text: Buffer) => said.push(...text.toString().trim().split('\n')));
  await until(() => said.includes('claimed'), '20s');
  return { said, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}

describe.each(['lock', 'heartbeat'] as const)('a host whose life is a %s', (liveness) => {
  it('that is killed with -9 is taken over within two seconds', async () => {
    const scene = await PostgresScene.of();
    const store = scene.store({ liveness });
    const ids = idsOf(await store.append([message(), message()]));
    const { seat } = await scene.enroll(store);
    const { kill } = await victim(scene, liveness);
    const observing = observe(store, seat);
    kill('SIGKILL');
    const { halves, ...found } = await observing;
    expect(found).toMatchObject({ hosts: [{ name: 'victim', claims: 2 }], suspects: 2 });
    // A heartbeat counts for two seconds, and an observer comes each half. Counted in looks: a busy machine stretches both.
    expect(halves).toBeLessThanOrEqual(liveness === 'lock' ? 4 : 6);
    expect(await store.claimSuspect(seat, ['a'])).toMatchObject({ id: ids[0], crashes: 1 });
  });

  it('that stands still for longer than its lease is taken over, and hears of it when it goes on', async () => {
    const scene = await PostgresScene.of();
    const store = scene.store({ liveness });
    await store.append([message()]);
    const { seat } = await scene.enroll(store);
    const { kill, said } = await victim(scene, liveness, 1_200);
    kill('SIGSTOP');
    expect(await observe(store, seat)).toMatchObject({ hosts: [{ name: 'victim', claims: 1 }] });
    kill('SIGCONT');
    await until(() => said.includes('lost'));
    expect(said.filter((word) => word === 'lost')).toHaveLength(1);
  });
});

describe('a seat', () => {
  it('is kept when its connection is terminated: it takes its lock again', async () => {
    const scene = await PostgresScene.of();
    const [store, other] = [scene.store(), scene.store()];
    await store.append([message()]);
    const { seat, heard } = await scene.enroll(store);
    const { seat: observer } = await scene.enroll(other, { name: 'observer' });
    await store.claim(seat, wanted);
    const holders = `select pid from pg_locks where locktype = 'advisory' and objid = $1 and classid::bigint = $2::bigint & 4294967295`;
    const lock = [seat.host, hostLockClass(scene.data.schema)];
    const [before] = await scene.data.query(holders, lock);
    for (let cuts = 0; cuts < 3; cuts++) {
      await scene.data.query(`select pg_terminate_backend(pid) from (${holders}) holder`, lock);
      await until(() => heard.faults.length > cuts);
      await until(() => heard.woken.length > cuts);
      expect(await other.takeOver(observer, ['a'], 3)).toMatchObject({ hosts: [] });
    }
    const [after] = await scene.data.query(holders, lock);
    expect(after).not.toEqual(before);
    expect(heard.lost).toEqual([]);
    await other.wake(['a']);
    await until(() => heard.woken.some((channels) => channels?.[0] === 'a'));
  });

  it('is lost, once, when its lock is not taken again within a second, and before anybody takes over', async () => {
    const scene = await PostgresScene.of();
    const way = await proxied(scene.data.connectionString);
    const [store, other] = [scene.store({ connectionString: way.connectionString }), scene.store()];
    const [first] = await store.append([message()]);
    let lostAtMs = 0;
    const { seat, heard } = await scene.enroll(store, { onLost: () => (lostAtMs = performance.now()) });
    const { seat: observer } = await scene.enroll(other, { name: 'observer' });
    await store.claim(seat, wanted);
    way.cut();
    const cutAtMs = performance.now();
    const { halves, ...found } = await observe(other, observer);
    const takenAtMs = performance.now();
    expect(found).toMatchObject({ hosts: [{ claims: 1 }], suspects: 1 });
    expect(halves).toBeLessThanOrEqual(4);
    expect(lostAtMs).toBeGreaterThan(cutAtMs + 900);
    expect(lostAtMs).toBeLessThan(takenAtMs);
    way.mend();
    expect(await seat.extend()).toBe(false);
    expect(await store.claim(seat, wanted)).toEqual([]);
    expect(await other.claimSuspect(observer, ['a'])).toMatchObject({ id: first!.id });
    expect(heard.faults.length).toBeGreaterThan(0);
  });

  it('is kept through a cut that is over before the observers are sure', async () => {
    const scene = await PostgresScene.of();
    const way = await proxied(scene.data.connectionString);
    const [store, other] = [scene.store({ connectionString: way.connectionString }), scene.store()];
    await store.append([message()]);
    const { seat, heard } = await scene.enroll(store);
    const { seat: observer } = await scene.enroll(other, { name: 'observer' });
    await store.claim(seat, wanted);
    way.cut();
    const looking = setInterval(() => void other.takeOver(observer, ['a'], 3), 100);
    onTestFinished(() => clearInterval(looking));
    await until(() => heard.faults.length > 0);
    way.mend();
    await until(() => heard.woken.includes(undefined));
    // As long as the observers would take to be sure of a death.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    clearInterval(looking);
    expect(heard.lost).toEqual([]);
    expect(await seat.extend()).toBe(true);
  });

  it('is lost when somebody has removed its row', async () => {
    const scene = await PostgresScene.of();
    const store = scene.store();
    const { seat, heard } = await scene.enroll(store);
    await scene.data.query(`delete from ${scene.table('host')}`);
    await store.takeOver(seat, ['a'], 3);
    expect(heard.lost).toHaveLength(1);
    expect(await seat.extend()).toBe(false);
    expect(heard.lost).toHaveLength(1);
  });

  it('of another store is refused', async () => {
    const scene = await PostgresScene.of();
    const seat = { host: 1, extend: async () => true, leave: async () => {} };
    await expect(scene.store().claim(seat, wanted)).rejects.toThrow(TypeError);
  });
});

describe('a heartbeat', () => {
  it('that the database does not take in time loses the seat', async () => {
    const scene = await PostgresScene.of();
    const way = await proxied(scene.data.connectionString);
    const { connectionString } = way;
    const store = scene.store({ connectionString, liveness: 'heartbeat', prepare: false });
    const { heard } = await scene.enroll(store);
    way.cut();
    await until(() => heard.lost.length > 0, '5s');
    way.mend();
    expect(heard.lost).toHaveLength(1);
  });
});
