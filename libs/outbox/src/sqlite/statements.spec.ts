import { beforeAll, describe, expect, it } from 'vitest';
import type { Host, Seat, Settlement } from '../store/store.js';
import { openFile } from './drivers.js';
import { message } from './fixtures/bench.js';
import { RecordingHandle } from './fixtures/recording.handle.js';
import type { SqliteHandle } from './handle.js';
import { fromSqlite, sqliteStore } from './index.js';

const failure = { attempt: 1, kind: 'handler_error', message: 'no', host: 'one' };
const host: Host = {
  name: 'one',
  leaseMs: 60_000,
  onWake: () => {},
  onFinished: () => {},
  onLost: () => {},
  onFault: () => {},
};

let handle: SqliteHandle;
let recorded: RecordingHandle;
/** libsql leaves a plan of a writing statement open, and no commit passes it; so plans are made on a database of their own. */
let plans: SqliteHandle;
let ran: readonly string[];

/** Every verb once, so that every statement was run. */
beforeAll(async () => {
  handle = await openFile(':memory:', 'libsql');
  recorded = new RecordingHandle(handle);
  const store = sqliteStore({ database: recorded });
  await store.open({ migrate: true });
  plans = await openFile(':memory:', 'libsql');
  plans.exec(store.migrations.sql());
  recorded.ran.length = 0;
  const deduplicate = { key: 'd', windowMs: 1 };
  await store.append([message({ deduplicate }), message({ key: 'k' }), message(), message(), message()]);
  handle.exec('begin immediate');
  await store.once('key', fromSqlite(recorded));
  handle.exec('commit');
  const seat = await store.enroll(host);
  await settleAll(store, seat);
  await store.claimSuspect(seat, ['a']);
  await store.promote(['a']);
  await store.enroll(host);
  handle.exec(
    'update nestjs_workers_host set lease_until_ms = 0 where id = 2; update nestjs_workers_message set host = 2, wants_result = 1',
  );
  await store.takeOver(seat, ['a'], 1);
  await seat.extend();
  await store.finished([1]);
  await store.underWay([1]);
  await store.tick('clock', 1);
  await store.prune(10, { maxFinished: 1 });
  await store.stats();
  await store.close();
  ran = [...recorded.ran];
});

async function settleAll(store: ReturnType<typeof sqliteStore>, seat: Seat): Promise<void> {
  const ends = [
    { type: 'done', result: '1', keepMs: 1_000, routed: [message()] },
    { type: 'retry', afterMs: 0, failure, isCrash: false },
    { type: 'bury', reason: 'x', failure, result: null, keepMs: 1_000 },
    { type: 'release' },
    { type: 'expire' },
  ] as const;
  const claimed = await store.claim(seat, [{ channel: 'a', room: 5 }]);
  const settlements = claimed.map(
    ({ id, claim }, at) => Object.assign({ id, claim }, ends[at] ?? { type: 'release' }) as Settlement,
  );
  await store.settle(seat, settlements);
}

function planOf(sql: string): string[] {
  const parameters = Array.from({ length: sql.split('?').length - 1 }, () => '[]');
  return plans
    .prepare(`explain query plan ${sql}`)
    .all(parameters)
    .map(({ detail }) => String(detail));
}

const isStatement = (sql: string): boolean => /^(select|insert|update|delete|with)/.test(sql);

describe('the statements', () => {
  it('claim through the index of what is ready, in its order', () => {
    const pick = ran.find((sql) => sql.includes('is_suspect = 0\n  order by rank, id')) as string;
    const plan = planOf(pick);
    expect(plan).toContain('SEARCH nestjs_workers_message USING INDEX nestjs_workers_message_ready (channel=?)');
    expect(plan.join('\n')).not.toContain('TEMP B-TREE');
  });

  it('do so too when a user has the database analyzed', () => {
    const pick = ran.find((sql) => sql.includes('is_suspect = 0\n  order by rank, id')) as string;
    plans.exec("insert into nestjs_workers_meta values ('x', 'y'); analyze");
    expect(planOf(pick).join()).toContain('USING INDEX nestjs_workers_message_ready (channel=?)');
  });

  it('read the messages through an index or by their id, and never all of them', () => {
    const seen = new Set(ran.filter(isStatement));
    expect(seen.size).toBeGreaterThan(25);
    const scans = [...seen].flatMap((sql) =>
      planOf(sql)
        .filter((step) =>
          /^SCAN (nestjs_workers_(message|dead|finished|once|tick|deduplication)|held|kept)\b/.test(step),
        )
        // What is counted is read through an index that holds nothing else.
        .filter((step) => !step.includes('INDEX'))
        .map((step) => `${step}: ${sql}`),
    );
    expect(scans).toEqual([]);
  });

  it('write in one transaction each, and one commit for settling and claiming', async () => {
    recorded.ran.length = 0;
    const store = sqliteStore({ database: recorded });
    await store.open({ migrate: false });
    const seat = await store.enroll(host);
    const [appended] = await store.append([message({ channel: 'b' })]);
    const [claimed] = await store.claim(seat, [{ channel: 'b', room: 1 }]);
    recorded.ran.length = 0;
    const done = {
      id: appended?.id ?? 0,
      claim: claimed?.claim ?? 0,
      type: 'done',
      result: null,
      keepMs: 0,
      routed: [],
    } as const;
    await store.exchange(seat, [done], [{ channel: 'b', room: 1 }]);
    const borders = recorded.ran.filter((sql) => /^(begin|commit|rollback)/.test(sql));
    expect(borders).toEqual(['begin immediate', 'commit']);
    await store.close();
  });

  it('ask SQLite for the time and no one else', () => {
    expect(ran.filter((sql) => sql.includes('now_ms') || sql.includes('_at_ms')).length).toBeGreaterThan(5);
    const [row] = handle
      .prepare(`select cast(round((julianday('now') - 2440587.5) * 86400000.0) as integer) as now`)
      .all([]);
    expect(Math.abs(Number(row?.['now']) - Date.now())).toBeLessThan(1_000);
  });
});
