import { program } from '@nestjs-workers/core/cli';
import { beforeEach, expect, it, vi } from 'vitest';
import { outbox } from './outbox.group.js';

beforeEach(() => {
  vi.stubEnv('DATABASE_URL', undefined);
  return () => vi.unstubAllEnvs();
});

/** What the program says to `args`, in this process. */
async function run(args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const groups = { outbox: { summary: 'The outbox.', load: async () => outbox } };
  const code = await program(groups, args, { say: (text) => out.push(text), complain: (text) => err.push(text) });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const CLOSED = 'postgres://ada:secret@127.0.0.1:1/shop';

it.for([
  [['--help'], 'nestjs-workers <what> [command] [options]'],
  [['outbox', '--help'], 'dead-letters'],
  [['outbox', 'migrate', '--help'], '--sqlite <file>'],
  [['outbox', 'status', '--help'], 'Exits with 1'],
  [['outbox', 'sql', '-h'], '--after <n>'],
  [['outbox', 'dead-letters', '--help'], '--payloads'],
  [['outbox', 'retry', '--help'], 'outbox retry <id...> | --channel <name> --all [options]'],
  [['outbox', 'prune', '--help'], '--batch <n>'],
  [['--version'], '0.'],
] as const)('helps: %j', async ([args, expected]) => {
  const { code, out, err } = await run(args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(expected);
});

it.for([
  [[], 'expected a command, got none. Known: "outbox".'],
  [['outbix'], 'got "outbix". Known: "outbox". Did you mean "outbox"?'],
  [['outbox'], 'expected a command of "outbox", got none.'],
  [['outbox', 'migrat'], 'Did you mean "migrate"?'],
  [['outbox', 'status', '--sqlight', 'x'], '--sqlight: unknown option.'],
  [['outbox', 'status', '--sqlight', 'x'], 'Did you mean "--sqlite"?'],
  [['outbox', 'status', '--sqlite'], '--sqlite: expected a value, got none. Say --sqlite <file>.'],
  [['outbox', 'status', '--json=yes', '--sqlite', 'x'], '--json: takes no value, got yes (string).'],
  [['outbox', 'status', 'now', '--sqlite', 'x'], 'expected options only, got "now".'],
  [['outbox', 'status'], 'expected a store, got none.'],
  [['outbox', 'status', '--sqlite', 'x', '--url', CLOSED], 'expected --url or --sqlite, got both.'],
  [['outbox', 'status', '--sqlite', 'x', '--schema', 'y'], 'Did you mean "--prefix"?'],
  [['outbox', 'status', '--url', CLOSED, '--prefix', 'y'], 'Did you mean "--schema"?'],
  [
    ['outbox', 'status', '--url', 'mysql://ada:secret@host/shop'],
    '--url: expected postgres://..., got something else.',
  ],
  [['outbox', 'status', '--url', CLOSED, '--schema', 'a"b'], 'expected schema to be a name'],
  [['outbox', 'status', '--sqlite', 'x', '--prefix', 'a"b'], 'expected'],
  [['outbox', 'sql', '--sqlite', 'x', '--after', 'one'], '--after: expected an integer from 0 up, got one (string).'],
  [
    ['outbox', 'dead-letters', '--sqlite', 'x', '--limit', '0'],
    '--limit: expected an integer from 1 up, got 0 (string).',
  ],
  [['outbox', 'dead-letters', '--sqlite', 'x', '--reason', 'permament'], 'Did you mean "permanent"?'],
  [['outbox', 'dead-letters', '--sqlite', 'x', '--reason', 'unwriteable'], 'Did you mean "unwritable"?'],
  [
    ['outbox', 'dead-letters', '--sqlite', 'x', '--since', 'monday'],
    '--since: expected a duration such as 2h, or a date',
  ],
  [['outbox', 'retry', '--sqlite', 'x'], 'got neither'],
  [['outbox', 'retry', 'x7', '--sqlite', 'x'], 'expected the id of a dead letter, got x7 (string).'],
  [['outbox', 'retry', '7', '--all', '--sqlite', 'x'], 'got ids and --all. Keep one of them.'],
  [['outbox', 'retry', '--all', '--sqlite', 'x'], '--all: expected a channel, got none.'],
] as const)('refuses %j with 2: %s', async ([args, expected]) => {
  const { code, out, err } = await run(args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(expected);
  expect(err).toMatch(/\nSee nestjs-workers.* --help\.$/);
  expect(err).not.toContain('secret');
});

it('says that DATABASE_URL is of another kind, and not what it is', async () => {
  vi.stubEnv('DATABASE_URL', 'file:./secret.db');
  const { code, err } = await run(['outbox', 'status']);
  expect(code).toBe(2);
  expect(err).toContain('DATABASE_URL: expected postgres://..., got something else. For a SQLite file say --sqlite');
  expect(err).not.toContain('secret');
});
