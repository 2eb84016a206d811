import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OpenCrew } from '../../isolates/crew.js';
import { inTurn, Pending, type Reply, type Request } from '../../isolates/pending.js';
import type { TaskName } from '../../isolates/tasks.js';
import { ended } from './ended.js';
import { eachLine, writeLine } from './lines.js';

const ENTRY = fileURLToPath(new URL('./socket.entry.js', import.meta.url));

/** Numbered lines of JSON over a named socket: the host listens, the child connects. No error ever comes back. */
export const open: OpenCrew = async ({ task, isolates }) => {
  const pending = new Pending();
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\bench-${process.pid}` : join(folder, 'socket');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const members: { child: ChildProcess; socket: Socket }[] = [];
  for (let isolate = 0; isolate < isolates; isolate++) members.push(await member(server, path, task));
  for (const { socket } of members) eachLine(socket, (reply) => pending.settle(reply as Reply));
  const next = inTurn(members);
  return {
    request: (payload) => pending.ask((id) => writeLine(next().socket, { id, payload } satisfies Request)),
    close: async () => {
      await Promise.all(members.map(({ child }) => ended(child)));
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

async function member(server: Server, path: string, task: TaskName) {
  const child = spawn(process.execPath, [ENTRY, path, task], { stdio: 'inherit' });
  const [socket] = (await once(server, 'connection')) as [Socket];
  return { child, socket };
}
