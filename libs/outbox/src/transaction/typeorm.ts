import { TransactionInvalidError } from '../outbox.errors.js';
import type { Rows } from '../store/store.js';
import { can, dialectOf, type Library } from './library.js';

/** A `QueryRunner`, as far as it is needed here. */
interface QueryRunner {
  readonly isTransactionActive: boolean;
  readonly dataSource?: DataSource;
  /** Its name before TypeORM 1. */
  readonly connection?: DataSource;
  query(sql: string, parameters: unknown[], useStructuredResult: true): Promise<{ readonly records?: Rows }>;
}

interface DataSource {
  readonly options: { readonly type?: string };
  readonly subscribers: TransactionSubscriber[];
}

interface TransactionSubscriber {
  readonly afterTransactionCommit?: (event: { readonly queryRunner: QueryRunner }) => void;
  readonly afterTransactionRollback?: (event: { readonly queryRunner: QueryRunner }) => void;
}

/** The `EntityManager` of a TypeORM transaction, or a `QueryRunner` with one. Its commit is seen, by a subscriber of the data source. */
export const typeorm: Library = {
  accepted: 'the EntityManager of a TypeORM transaction, or a QueryRunner with one',
  read: (handle) => {
    const runner = runnerOf(handle);
    if (runner === undefined) return undefined;
    assertActive(runner);
    const dataSource = (runner.dataSource ?? runner.connection) as DataSource;
    return {
      dialect: dialectOf(dataSource.options.type),
      run: async (sql, parameters) => {
        assertActive(runner);
        // Unstructured, the result has another form for each command.
        const { records = [] } = await runner.query(sql, [...parameters], true);
        return records;
      },
      committed: committed(runner, dataSource),
    };
  },
};

/** @throws TransactionInvalidError for what has none */
function runnerOf(handle: object): QueryRunner | undefined {
  if (can(handle, 'startTransaction', 'commitTransaction', 'query')) return handle as unknown as QueryRunner;
  if (can(handle, 'createQueryRunner', 'getRepository'))
    throw new TransactionInvalidError('a DataSource of TypeORM', HELP);
  if (!can(handle, 'getRepository', 'transaction', 'createQueryBuilder')) return undefined;
  const { queryRunner } = handle as unknown as { readonly queryRunner?: QueryRunner };
  if (queryRunner === undefined)
    throw new TransactionInvalidError('an EntityManager of TypeORM that is not in a transaction', HELP);
  return queryRunner;
}

function assertActive({ isTransactionActive }: QueryRunner): void {
  if (isTransactionActive) return;
  throw new TransactionInvalidError('a QueryRunner of TypeORM on which no transaction is active', HELP);
}

const HELP =
  'Give the manager of dataSource.transaction(async (manager) => { ... }), or a query runner between startTransaction() and commitTransaction(); and await what you add.';

interface Ending {
  readonly committed: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** Of transactions that are open; a runner has one at a time. */
const endings = new WeakMap<QueryRunner, Ending>();

/** One for all data sources. Releasing a savepoint is told as a commit too, but then the transaction is still active. */
const subscriber: TransactionSubscriber = {
  afterTransactionCommit: ({ queryRunner }) => end(queryRunner, ({ resolve }) => resolve()),
  afterTransactionRollback: ({ queryRunner }) =>
    end(queryRunner, ({ reject }) => reject(new Error('The transaction was rolled back.'))),
};

function end(runner: QueryRunner, how: (ending: Ending) => void): void {
  const ending = endings.get(runner);
  if (ending === undefined || runner.isTransactionActive) return;
  endings.delete(runner);
  how(ending);
}

function committed(runner: QueryRunner, { subscribers }: DataSource): Promise<void> {
  if (!subscribers.includes(subscriber)) subscribers.push(subscriber);
  const ending = endings.get(runner) ?? newEnding();
  endings.set(runner, ending);
  return ending.committed;
}

function newEnding(): Ending {
  let [resolve, reject]: [Ending['resolve'], Ending['reject']] = [() => {}, () => {}];
  const committed = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
  // Nobody need listen.
  committed.catch(() => {});
  return { committed, resolve, reject };
}
