import { StoreUnreachableError } from '../store/store.errors.js';
import { faultOf, isRolledBack } from './fault.js';
import type { PostgresClient, PostgresPool, Query, Result, Row } from './pool.js';
import { PLAIN } from './plain.js';
import { nameOf, type Statement } from './statement.js';

/** Runs statements: the pool, or one transaction of it. */
export interface Runner {
  run(statement: Statement, parameters?: readonly unknown[]): Promise<readonly Row[]>;
}

/** One transaction on a connection of the pool. */
export interface Session extends Runner {
  /** A text that is prepared as statements are; there are few of them. */
  query(text: string, parameters: readonly unknown[]): Promise<readonly Row[]>;
  /** Ends it without writing anything, when `work` is over. */
  takeBack(): void;
  /** Several statements in one text. */
  script(text: string): Promise<void>;
}

/** How often a statement is run again that the server undid because of a neighbour. */
const TRIES = 5;

/**
 * The pool, as the verbs see it: statements with their text made once, rows with plain values, faults of the connection as one error.
 *
 * Promises: what is lent is given back; a connection that broke, or whose server can do nothing now, is never given to anybody again; an
 * `error` event never ends the process.
 * Runs again only what the server says it undid (deadlock, serialization); a statement whose answer was lost is not sent twice.
 */
export class Database implements Runner {
  readonly schema: string;
  private readonly queries = new Map<Statement, Query>();
  private readonly texts = new Map<string, Statement>();

  constructor(
    private readonly pool: () => Promise<PostgresPool>,
    schema: string,
    private readonly prepare: boolean,
  ) {
    this.schema = `"${schema}"`;
  }

  async run(statement: Statement, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    const query = this.query(statement, parameters);
    return this.again(async () => rowsOf((await this.pool()).query(query)));
  }

  /** All or nothing of what `work` does. */
  async transact<T>(work: (transaction: Session) => Promise<T>): Promise<T> {
    return this.again(async () => {
      const client = await judged((await this.pool()).connect());
      const broken = breakage(client);
      const ask = (query: Query): Promise<readonly Row[]> => rowsOf(client.query(query));
      try {
        let end = 'commit';
        await ask({ text: 'begin isolation level read committed' });
        const result = await work({
          run: (statement, parameters = []) => ask(this.query(statement, parameters)),
          query: (text, parameters) => ask(this.query(this.textual(text), parameters)),
          takeBack: () => void (end = 'rollback'),
          script: async (text) => void (await ask({ text })),
        });
        await ask({ text: end });
        broken.release();
        return result;
      } catch (error) {
        await client.query({ text: 'rollback' }).then(
          () => broken.release(error instanceof StoreUnreachableError),
          () => broken.release(true),
        );
        throw error;
      }
    });
  }

  /** A statement of a package that stands on the store. */
  textual(text: string): Statement {
    const known = this.texts.get(text) ?? { verb: 'text', text: () => text };
    this.texts.set(text, known);
    return known;
  }

  private query(statement: Statement, values: readonly unknown[]): Query {
    let query = this.queries.get(statement);
    if (query === undefined) {
      const text = statement.text(this.schema);
      query = this.prepare ? { name: nameOf(statement.verb, text), text, types: PLAIN } : { text, types: PLAIN };
      this.queries.set(statement, query);
    }
    return { ...query, values };
  }

  private async again<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        if (!isRolledBack(error) || tries === TRIES) throw error;
      }
    }
  }
}

const rowsOf = async (asked: Promise<Result>): Promise<readonly Row[]> => (await judged(asked)).rows;

/** Said where the server is asked: an error of whoever works in a transaction is their own, also when it looks like one of ours. */
async function judged<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw faultOf(error);
  }
}

/** Watches a connection that is out of its pool, where nobody else listens to its `error` event. */
function breakage(client: PostgresClient): { release(isBroken?: boolean): void } {
  let broken: Error | undefined;
  const note = (error: Error) => (broken = error);
  client.on('error', note);
  return {
    release(isBroken = false) {
      client.off('error', note);
      client.release(broken ?? isBroken);
    },
  };
}
