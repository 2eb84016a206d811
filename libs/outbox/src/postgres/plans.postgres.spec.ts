import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failure } from '../store/scene.contract.js';
import { exchange, exchangeKeyed } from './exchange.js';
import { underWay } from './finished.js';
import { PostgresScene } from './fixtures/scene.js';
import { settling } from './settle.js';
import type { Statement } from './statement.js';

const claim = { id: 1, claim: 1 };
const [finish, retry, release, bury] = settling(1, [
  { ...claim, type: 'done', result: null, keepMs: 1, routed: [] },
  { ...claim, type: 'retry', afterMs: 1, failure, isCrash: false },
  { ...claim, type: 'release' },
  { ...claim, type: 'bury', reason: 'attempts', failure, isCrash: false, result: null, keepMs: 1 },
]).map(([statement]) => statement) as [Statement, Statement, Statement, Statement];

const THREE = `'{1,2,3}', '{1,1,1}', 1`;
const CLAIMING = `${THREE}, '{a,b}', '{16,16}', '{1,2}', '{0,0}', '{0,0}'`;
const CLAIMING_TYPES = 'bigint[], int[], int, text[], int[], int[], smallint[], bigint[]';

/** Each statement with the types of its parameters and some values. */
const STATEMENTS: readonly [Statement, string, string][] = [
  [exchange, CLAIMING_TYPES, CLAIMING],
  [exchangeKeyed, `${CLAIMING_TYPES}, int[], text[]`, `${CLAIMING}, '{16,16}', '{"",""}'`],
  [finish, 'bigint[], int[], int, text[], float8[]', `${THREE}, '{x,x,x}', '{1,1,1}'`],
  [retry, 'bigint[], int[], int, float8[], text[], boolean[]', `${THREE}, '{1,1,1}', '{x,x,x}', '{f,f,f}'`],
  [release, 'bigint[], int[], int', THREE],
  [underWay, 'bigint[]', `'{1,2,3}'`],
  [
    bury,
    'bigint[], int[], int, text[], text[], text[], float8[], boolean[]',
    `${THREE}, '{x,x,x}', '{x,x,x}', '{x,x,x}', '{1,1,1}', '{f,f,f}'`,
  ],
];

/** What lay in the table when its statistics were made, as values of key, due_at, host, is_suspect. */
const TIMES: Readonly<Record<string, string | undefined>> = {
  'nothing, ever': undefined,
  'messages that have no key': 'null, null, null, false',
  'messages that all have a key': `'k' || n, null, null, false`,
  'messages of one key': `'k', null, null, false`,
  'delayed messages': `null, now() + interval '1 day', null, false`,
  'claimed messages': 'null, null, 1, false',
  suspects: 'null, null, null, true',
};

/** The parts of a plan that read messages otherwise than by looking them up. */
function detours(plan: readonly string[]): string[] {
  return plan.filter((line, at) => {
    if (/(Seq|Bitmap Heap) Scan on message/.test(line)) return true;
    const [, index] = /Index (?:Only )?Scan.* using (message_\w+) on message/.exec(line) ?? [];
    if (index === undefined) return false;
    return !(index === 'message_pkey' ? /Index Cond: \(id = / : /Index Cond: /).test(plan[at + 1] ?? '');
  });
}

describe('a plan', () => {
  it.each(Object.entries(TIMES))(
    'that was made after %s looks messages up, also when there are many of another sort by now',
    async (_, values) => {
      const scene = await PostgresScene.of();
      const table = scene.table('message');
      const client = new Client({ connectionString: scene.data.connectionString });
      await client.connect();
      onTestFinished(() => client.end());
      const insert = async (row: string, count: number) =>
        client.query(
          `insert into ${table} (channel, rank, payload, created_at, ready_at, key, due_at, host, is_suspect)
          select 'a', 0, repeat('x', 100), now(), now(), ${row} from generate_series(1, ${count}) n`,
        );
      if (values !== undefined) {
        await insert(values, 2_000);
        await client.query(`vacuum analyze ${table}`);
        await client.query(`delete from ${table}`);
        // What remains of so many when all are gone: a table that is known to be empty.
        if (values.startsWith('null, null, null, false')) await client.query(`vacuum analyze ${table}`);
      }
      await insert(`case when n % 2 = 0 then 'k' || n end, null, null, false`, 4_000);
      for (const mode of ['force_generic_plan', 'force_custom_plan']) {
        await client.query(`set plan_cache_mode = ${mode}`);
        for (const [statement, types, parameters] of STATEMENTS) {
          await client.query(`prepare tried (${types}) as ${statement.text(`"${scene.data.schema}"`)}`);
          const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain execute tried (${parameters})`);
          const plan = rows.map((row) => row['QUERY PLAN'].trim());
          expect({ mode, verb: statement.verb, detours: detours(plan) }).toEqual({
            mode,
            verb: statement.verb,
            detours: [],
          });
          await client.query('deallocate tried');
        }
      }
    },
  );
});
