import { expect, it } from 'vitest';
import { memoryStore, memoryTransaction } from '../testing/index.js';
import { transactionOf } from './transaction.js';

it.each([
  [undefined, 'got undefined (undefined).'],
  ['begin', 'got begin (string).'],
  [{}, 'got an object.'],
  [Object.create(null), 'got an object.'],
  [new Map(), 'got a Map.'],
  [function begin() {}, 'got a function (begin).'],
])('refuses %o and names what is taken', (handle, found) => {
  const asking = () => transactionOf(handle as object, 'postgres');
  expect(asking).toThrow(`The outbox expected a transaction, ${found}`);
  expect(asking).toThrow(/What is taken: the TransactionHost of .*; a client of pg after BEGIN\.$/);
});

it('takes the transaction of a store as it is, if it is of that kind', () => {
  const transaction = memoryTransaction(memoryStore());
  expect(transactionOf(transaction, 'memory')).toBe(transaction);
  expect(() => transactionOf(transaction, 'sqlite')).toThrow('got one of memory for a store of kind sqlite');
});
