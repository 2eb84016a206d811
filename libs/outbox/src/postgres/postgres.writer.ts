import { TransactionInvalidError } from '../outbox.errors.js';
import type { Appended, NewMessage, Transaction } from '../store/store.js';
import type { Writer } from '../store/whereabouts.js';
import { appendedOf, appending } from './append.js';
import { ringOnce, Signature } from './bell.js';
import { once } from './once.js';

/** Writes in transactions of the user's, on whatever connection to the database they are. */
export class PostgresWriter implements Writer {
  private readonly schema: string;

  constructor(
    schema: string,
    /** Who says in the same transaction that there is something to claim; undefined where nobody does. */
    private readonly signature: Signature | undefined,
  ) {
    this.schema = `"${schema}"`;
  }

  /** With a signature of its own: the store that it writes for hears of it as of anybody's. */
  static of(schema: string, notifiesInTransaction: boolean): PostgresWriter {
    return new PostgresWriter(schema, notifiesInTransaction ? new Signature(schema) : undefined);
  }

  async append(messages: readonly NewMessage[], within: Transaction): Promise<readonly Appended[]> {
    const { schema, signature } = this;
    const sent = appending(messages, within.pin);
    const rows = await within.run(sent.statement.text(schema), sent.parameters);
    if (rows.length < messages.length) throw TransactionInvalidError.over();
    if (signature !== undefined) {
      const channels = [...new Set(messages.map(({ channel }) => channel))];
      await within.run(ringOnce.text(schema), [signature.bell, signature.wakeNote(channels)]);
    }
    return appendedOf(rows, sent);
  }

  async once(key: string, within: Transaction): Promise<boolean> {
    return (await within.run(once.text(this.schema), [key])).length > 0;
  }
}
