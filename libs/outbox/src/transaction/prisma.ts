import { TransactionInvalidError } from '../outbox.errors.js';
import type { Rows } from '../store/store.js';
import { can, dialectOf, type Library } from './library.js';

/** A client of Prisma, as far as it is needed here. */
interface PrismaClient {
  readonly _activeProvider?: string;
  $queryRawUnsafe(sql: string, ...parameters: readonly unknown[]): Promise<Rows>;
  $executeRawUnsafe(sql: string, ...parameters: readonly unknown[]): Promise<number>;
}

/**
 * The client of an interactive transaction of Prisma. It is told from the PrismaClient itself by `$connect`, which only that one has;
 * `$transaction` is of no help, because transactions can be nested from Prisma 7 on. Prisma itself refuses one that is over.
 */
export const prisma: Library = {
  accepted: 'the tx of a Prisma interactive transaction',
  read: (handle) => {
    if (!can(handle, '$queryRawUnsafe', '$executeRawUnsafe')) return undefined;
    if (can(handle, '$connect')) {
      throw new TransactionInvalidError(
        'a PrismaClient that is not in a transaction',
        'Give the tx of prisma.$transaction(async (tx) => { ... }).',
      );
    }
    const client = handle as unknown as PrismaClient;
    const { _activeProvider: provider } = client;
    return {
      dialect: dialectOf(provider),
      run: async (sql, parameters) => {
        if (returnsRows(sql)) return client.$queryRawUnsafe(sql, ...parameters);
        await client.$executeRawUnsafe(sql, ...parameters);
        return [];
      },
    };
  },
};

function returnsRows(sql: string): boolean {
  return /^\s*(select|with|values)\b|\breturning\b/i.test(sql);
}
