import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `
The photo pipeline: pictures in, thumbnails and a contact sheet out; and two orders of prints, which a workflow decides.

  npm start                          draws a dozen pictures itself
  npm start -- ~/Pictures            takes every picture in a folder, and in the folders below
  npm start -- a.jpg b.png           takes these files

  --out <folder>       where everything is written          (a new temporary folder)
  --port <number>      the page's port, or the next free    (PORT, or 3000)
  --serve, --no-serve  whether the page stays               (yes in a terminal, no elsewhere)
  --help

What a run that was killed had not finished is finished by the next one with the same --out. With DATABASE_URL set, the thumbnails on their
way and the orders lie in that PostgreSQL instead of a file.
`;

/** What the run was asked to do; injectable. */
export class CommandLine {
  /** Folders and files; with none, pictures are drawn. */
  readonly sources: readonly string[];
  readonly out: string | undefined;
  readonly port: number;
  readonly isServing: boolean;
  /** The PostgreSQL in which durable messages lie; without it they lie in a file. */
  readonly databaseUrl: string | undefined;

  constructor({ sources, out, port, isServing, databaseUrl }: CommandLine) {
    this.sources = sources;
    this.out = out;
    this.port = port;
    this.isServing = isServing;
    this.databaseUrl = databaseUrl;
  }
}

/** The command line asks for something that cannot be; the message says what. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/**
 * @returns what was asked, or `'help'`
 * @throws UsageError
 */
export function readCommandLine(args: string[], env: NodeJS.ProcessEnv, isTerminal: boolean): CommandLine | 'help' {
  const { values, positionals } = parse(args);
  if (values.help === true) return 'help';
  return new CommandLine({
    sources: positionals.map(existing),
    out: values.out === undefined ? undefined : resolve(values.out),
    port: portNumber(values.port ?? env['PORT'] ?? '3000'),
    isServing: values.serve ?? isTerminal,
    databaseUrl: env['DATABASE_URL'] === '' ? undefined : env['DATABASE_URL'],
  });
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      allowNegative: true,
      options: {
        out: { type: 'string' },
        port: { type: 'string' },
        serve: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function existing(path: string): string {
  if (!existsSync(path)) throw new UsageError(`There is no file and no folder "${path}".`);
  return resolve(path);
}

/** 0 lets the system choose. */
function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || text.trim() === '') {
    throw new UsageError(`The port must be a number from 0 to 65535, got "${text}".`);
  }
  return port;
}
