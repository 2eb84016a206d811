import { describe, expect, it, onTestFinished } from 'vitest';
import { freshSchema } from '../../../../test/support/postgres.js';
import { postgresStore } from '../postgres/index.js';
import { run } from './fixtures/command.line.js';
import { commandsContract } from './outbox.contract.js';

/** A schema that is not there yet. */
function newPlace() {
  const { connectionString, schema, query, drop } = freshSchema();
  const store = postgresStore({ connectionString, schema });
  return {
    named: ['--url', connectionString, '--schema', schema],
    connectionString,
    schema,
    open: async () => (await store.open({ migrate: true }), store),
    apply: async (sql: string) => void (await query(sql)),
    leave: async () => {
      await store.close();
      await drop();
    },
  };
}

describe('the command line on PostgreSQL', () => {
  commandsContract(async () => {
    const place = newPlace();
    onTestFinished(place.leave);
    return place;
  });

  it('says that migrations are pending, and exits with 1', async () => {
    const place = newPlace();
    onTestFinished(place.leave);
    const { code, out } = await run(['outbox', 'status', ...place.named]);
    expect(code).toBe(1);
    expect(out).toMatch(/migration 1 {2}pending {2}/);
    expect(out).toContain('Apply with "nestjs-workers outbox migrate".');
    const { code: refused, err } = await run(['outbox', 'dead-letters', ...place.named]);
    expect([refused, err]).toEqual([1, expect.stringContaining('Run "npx nestjs-workers outbox migrate"')]);
  });

  it('takes the address from DATABASE_URL', async () => {
    const place = newPlace();
    onTestFinished(place.leave);
    await place.open();
    const environment = { DATABASE_URL: place.connectionString };
    expect((await run(['outbox', 'status', '--schema', place.schema], environment)).code).toBe(0);
  });

  it('says what is wrong with a database that cannot be reached, without a stack, and exits with 1', async () => {
    const { code, out, err } = await run(['outbox', 'status', '--url', 'postgres://ada:secret@localhost:1/shop']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^nestjs-workers: The postgres store was asked and cannot be reached: .*ECONNREFUSED.*\n$/);
    expect(err).not.toContain('secret');
  });

  it('is called wrongly with 2', async () => {
    expect(await run(['outbox', 'migrat'])).toMatchObject({ code: 2, out: '' });
  });
});
