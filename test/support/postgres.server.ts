import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface PostgresServer {
  readonly url: string;
  /** Stops it for a while: `fast` writes everything out, after `immediate` it has to recover. */
  pause(how: 'fast' | 'immediate'): Promise<void>;
  /** Starts it again, at the same address. */
  resume(): Promise<void>;
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
  const told = async (word: string): Promise<void> => {
    const answer = once(keeper.stdout, 'data');
    keeper.stdin.write(`${word}\n`);
    await answer;
  };
  return {
    url,
    pause: (how) => told(how === 'fast' ? 'SIGINT' : 'SIGQUIT'),
    resume: () => told('start'),
    async stop() {
      keeper.stdin.end();
      await ended;
    },
  };
}
