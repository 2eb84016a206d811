import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqliteStore } from '../sqlite/index.js';
import { openFile } from '../sqlite/drivers.js';
import { run } from './fixtures/command.line.js';
import { commandsContract } from './outbox.contract.js';

async function newFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-workers-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'outbox.db');
}

const code = (text: string): string => `data:text/javascript,${encodeURIComponent(text).replaceAll("'", '%27')}`;

describe('the command line on SQLite', () => {
  it('loads nothing of Nest, which would take most of its time', async () => {
    const resolve = `if (name.startsWith('@nestjs/')) throw new Error('asked for ' + name); return next(name, context)`;
    const hook = code(`export async function resolve(name, context, next) { ${resolve} }`);
    const NODE_OPTIONS = `--import=${code(`import { register } from 'node:module'; register('${hook}');`)}`;
    const named = ['--sqlite', await newFile()];
    expect(await run(['outbox', 'migrate', ...named], { NODE_OPTIONS })).toMatchObject({ code: 0, err: '' });
    expect(await run(['outbox', 'status', ...named], { NODE_OPTIONS })).toMatchObject({ code: 0, err: '' });
  });

  commandsContract(async () => {
    const file = await newFile();
    const store = sqliteStore({ file, synchronous: 'normal' });
    onTestFinished(() => store.close());
    return {
      named: ['--sqlite', file],
      open: async () => (await store.open({ migrate: true }), store),
      apply: async (sql) => {
        const handle = await openFile(file, undefined);
        handle.exec(sql);
        handle.close();
      },
    };
  });

  it('says that migrations are pending, and exits with 1', async () => {
    const file = await newFile();
    await writeFile(file, '');
    const { code, out } = await run(['outbox', 'status', '--sqlite', file]);
    expect(code).toBe(1);
    expect(out).toContain('2 migrations are pending.');
  });

  it('makes no file by looking for one', async () => {
    const file = await newFile();
    for (const command of ['status', 'dead-letters', 'prune', 'sql']) await run(['outbox', command, '--sqlite', file]);
    expect(existsSync(file)).toBe(false);
    const { code, err } = await run(['outbox', 'status', '--sqlite', file]);
    expect([code, err]).toEqual([1, expect.stringContaining('there is no such file')]);
  });

  it('keeps to the prefix it is given', async () => {
    const file = await newFile();
    await run(['outbox', 'migrate', '--sqlite', file, '--prefix', 'mine_']);
    expect((await run(['outbox', 'status', '--sqlite', file, '--prefix', 'mine_'])).code).toBe(0);
    expect((await run(['outbox', 'status', '--sqlite', file])).code).toBe(1);
  });
});
