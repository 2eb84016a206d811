import { expect, it } from 'vitest';
import { transactionOf } from './transaction.js';

/**
 * Stands for the client of Prisma 7, as it was seen to behave: a transaction has all but `$connect`, `$disconnect`, `$on` and `$extends`,
 * and being a proxy it may throw when it is asked with `in`.
 */
function client({ provider = 'postgresql', isTransaction = true } = {}) {
  const asked: unknown[] = [];
  const target: Record<string, unknown> = {
    _activeProvider: provider,
    $queryRawUnsafe: async (...query: unknown[]) => (asked.push(['query', ...query]), [{ id: 1n }]),
    $executeRawUnsafe: async (...query: unknown[]) => (asked.push(['execute', ...query]), 1),
    $transaction: async () => {},
    ...(isTransaction
      ? {}
      : { $connect: async () => {}, $disconnect: async () => {}, $on: () => {}, $extends: () => {} }),
  };
  const has = () => {
    throw new TypeError("'has' on proxy: trap returned falsish");
  };
  return { handle: new Proxy(target, { has }), asked };
}

it('runs statements in an interactive transaction of Prisma', async () => {
  const { handle, asked } = client();
  const transaction = transactionOf(handle, 'postgres');
  expect(await transaction.run('insert into a select $1 returning id', ['x'])).toEqual([{ id: 1n }]);
  expect(await transaction.run('delete from a where b = $1', ['x'])).toEqual([]);
  expect(asked).toEqual([
    ['query', 'insert into a select $1 returning id', 'x'],
    ['execute', 'delete from a where b = $1', 'x'],
  ]);
});

it('refuses a PrismaClient that is not in a transaction', () => {
  expect(() => transactionOf(client({ isTransaction: false }).handle, 'postgres')).toThrow(
    'got a PrismaClient that is not in a transaction. Give the tx of prisma.$transaction(',
  );
});

it.each([
  ['sqlite', 'postgres'],
  ['postgresql', 'sqlite'],
  ['mysql', 'postgres'],
])('refuses a transaction of Prisma on %s for a store of kind %s', (provider, kind) => {
  expect(() => transactionOf(client({ provider }).handle, kind)).toThrow(`for a store of kind ${kind}`);
});
