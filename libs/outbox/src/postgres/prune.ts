import type { Pruned, Retention } from '../store/store.js';
import type { Runner } from './database.js';
import { asNumber, statement, type Statement } from './statement.js';

/** A tick is asked for when it is due, by hosts whose clocks and event loops are not that far apart. */
const TICKS_KEPT = `interval '1 day'`;
/** So long a second delivery of the same message is recognized. */
const ONCE_KEPT = `interval '7 days'`;

const outlived = (schema: string, table: string, key: string, order: string, condition: string) => `
  delete from ${schema}.${table} where (${key}) in (
    select ${key} from ${schema}.${table} where ${condition} order by ${order} limit $1::int for update skip locked
  )`;

/** $1 how many rows at most, of each of these. */
const pruneFinished = statement('prune_finished', (schema) =>
  counted(outlived(schema, 'finished', 'id', 'expires_at', 'expires_at <= statement_timestamp()')),
);
const pruneDeduplication = statement('prune_deduplication', (schema) =>
  counted(outlived(schema, 'deduplication', 'channel, key', 'expires_at', 'expires_at <= statement_timestamp()')),
);
const pruneTicks = statement('prune_ticks', (schema) =>
  counted(
    outlived(schema, 'tick', 'ticker, due_at_ms', 'asked_at', `asked_at <= statement_timestamp() - ${TICKS_KEPT}`),
  ),
);
const pruneOnce = statement('prune_once', (schema) =>
  counted(outlived(schema, 'once', 'key', 'seen_at', `seen_at <= statement_timestamp() - ${ONCE_KEPT}`)),
);

/** $2 how many each channel keeps: the latest. The distinct channels are walked in the index. */
const pruneSurplus = statement('prune_surplus', (schema) =>
  counted(`
    delete from ${schema}.finished where id in (
      with recursive known as (
        (select channel from ${schema}.finished order by channel limit 1)
        union all
        select (select f.channel from ${schema}.finished f where f.channel > known.channel order by f.channel limit 1)
        from known where known.channel is not null
      )
      select f.id from known cross join lateral (
        select f.id from ${schema}.finished f where f.channel = known.channel
        order by f.finished_at desc, f.id desc offset $2::int
      ) f
      where known.channel is not null limit $1::int
    )`),
);

function counted(deletion: string): string {
  return `with gone as (${deletion} returning 1) select count(*) as count from gone`;
}

/** Each kind is a transaction of its own, and rows that somebody else is at are left for the next time. */
export async function prune(runner: Runner, limit: number, { maxFinished }: Retention): Promise<Pruned> {
  const run = async (statement: Statement, ...parameters: readonly number[]) =>
    asNumber((await runner.run(statement, parameters))[0]!.count);
  const outlived = await run(pruneFinished, limit);
  const surplus =
    maxFinished === undefined || outlived >= limit ? 0 : await run(pruneSurplus, limit - outlived, maxFinished);
  return {
    finished: outlived + surplus,
    deduplications: await run(pruneDeduplication, limit),
    ticks: await run(pruneTicks, limit),
    once: await run(pruneOnce, limit),
  };
}
