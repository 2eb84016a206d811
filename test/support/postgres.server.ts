import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface PostgresServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** A real server with a directory of its own. It ends with this process too, even when that is killed. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  const keeper = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('postgres.keeper.mjs', import.meta.url)),
      ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(keeper, 'exit');
  const url = await Promise.race([
    once(keeper.stdout, 'data').then(([text]) => String(text).trim()),
    ended.then(() => {
      throw new Error('PostgreSQL did not start; the reason stands above.');
    }),
  ]);
  return {
    url,
    async stop() {
      keeper.stdin.end();
      await ended;
    },
  };
}
