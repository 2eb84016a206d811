import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

const KEEPER = fileURLToPath(new URL('../../../../test/support/postgres.keeper.mjs', import.meta.url));
const SCRATCH = fileURLToPath(new URL('../../../../node_modules/.cache/', import.meta.url));

let server: ChildProcess | undefined;

/** A database of its own on the server that `DATABASE_URL` names, or on one that is started for this process, with fsync on. */
export async function freshDatabase(): Promise<string> {
  // Two processes of one trial share what the first of them was given.
  const shared = process.env['BENCH_DATABASE'];
  if (shared !== undefined) return shared;
  const url = new URL(process.env['DATABASE_URL'] ?? (await started()));
  const name = `bench_${randomBytes(6).toString('hex')}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  url.pathname = `/${name}`;
  return url.href;
}

/** A file on the disk that this project lies on; a temporary folder may be memory. It goes when the process does. */
export function freshFile(): string {
  const shared = process.env['BENCH_FILE'];
  if (shared !== undefined) return shared;
  const folder = mkdtempSync(join(SCRATCH, 'bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'queue.db');
}

/** The keeper ends the server when this process ends, however it ends. */
async function started(): Promise<string> {
  server = spawn(process.execPath, [KEEPER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [url] = (await once(server.stdout!, 'data')) as [Buffer];
  return String(url).trim();
}
