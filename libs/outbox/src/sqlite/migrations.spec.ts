import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreTooNewError } from '../store/store.errors.js';
import { FileBench, message } from './fixtures/bench.js';
import { sqliteStore } from './index.js';

async function bench(): Promise<FileBench> {
  const made = await FileBench.make();
  onTestFinished(() => made.close());
  return made;
}

describe('the migrations', () => {
  it('may be applied by hand', async () => {
    const made = await bench();
    const store = made.newStore();
    await made.exec(store.migrations.sql());
    await store.open({ migrate: false });
    expect(await store.append([message()])).toHaveLength(1);
    expect(await store.migrations.run()).toEqual([]);
  });

  it('let a process go on that is older than the tables, until one says that it is too old', async () => {
    const made = await bench();
    await made.open();
    await made.exec("insert into nestjs_workers_migration values (99, 'of the future', 0)");
    const store = made.newStore();
    await store.open({ migrate: true });
    expect((await store.migrations.status()).at(-1)).toEqual({ number: 99, name: 'of the future', appliedAtMs: 0 });
    await made.exec(`create table nestjs_workers_migration_needs (number integer primary key, needs integer not null);
      insert into nestjs_workers_migration_needs values (99, 98)`);
    await expect(made.newStore().open({ migrate: true })).rejects.toThrow(StoreTooNewError);
  });

  it('leave room for several stores in one database, each with its prefix', async () => {
    const made = await bench();
    const one = await made.open();
    const two = await made.open({ prefix: 'other_' });
    await one.append([message()]);
    expect([await one.stats(), await two.stats()]).toMatchObject([{ a: { ready: 1 } }, {}]);
    expect(await one.installation()).not.toBe(await two.installation());
    expect(await one.installation()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('refuse a prefix that would have to be quoted', () => {
    expect(() => sqliteStore({ file: ':memory:', prefix: 'x; drop' })).toThrow(/got "x; drop"/);
  });
});
