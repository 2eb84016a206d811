import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.server.js';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

/** One server for all files of a run; `DATABASE_URL` names one that is there already. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.DATABASE_URL;
  const server = given === undefined ? await startPostgres({ fsync: 'off' }) : undefined;
  project.provide('postgresUrl', given ?? server!.url);
  return async () => server?.stop();
}
