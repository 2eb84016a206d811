import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** By what a process can be told from all others, also from a later one that was given its number. */
export interface ProcessMark {
  /** Where process numbers mean the same: the machine since it was started, and the process namespace. */
  readonly machine: string;
  readonly process: number;
  /** When it started, in the words of its operating system; empty where that cannot be had. */
  readonly started: string;
}

let own: Promise<ProcessMark> | undefined;

/** The mark of this process. */
export function ownMark(): Promise<ProcessMark> {
  own ??= (async () => ({
    machine: await machine(),
    process: process.pid,
    started: (await startOf(process.pid)) ?? '',
  }))();
  return own;
}

/**
 * Whether the process is known to be gone. False for one on another machine or in another container, of which nothing can be known, and for
 * one that is stopped: for those there is the lease.
 */
export async function isGone(mark: ProcessMark): Promise<boolean> {
  const { machine } = await ownMark();
  if (mark.machine !== machine) return false;
  if (!isRunning(mark.process)) return true;
  const started = await startOf(mark.process);
  if (started === undefined) return !isRunning(mark.process);
  return mark.started !== '' && started !== '' && started !== mark.started;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not to be allowed to send it a signal is to know that it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function machine(): Promise<string> {
  if (process.platform !== 'linux') return hostname();
  const [boot, namespace] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => hostname()),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return `${boot.trim()} ${namespace}`;
}

/** When a process started; undefined when there is none, empty when it cannot be told. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return startOnLinux(pid);
  if (process.platform === 'win32') return '';
  return startByPs(pid);
}

async function startOnLinux(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is a name in brackets and may hold anything; state is the third field, the start the twenty-second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isCorpse = fields[0] === 'Z' || fields[0] === 'X';
  return isCorpse ? undefined : fields[19];
}

function startByPs(pid: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const environment = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    execFile('ps', ['-o', 'lstart=', '-p', String(pid)], { env: environment }, (error, text) => {
      if (error === null) resolve(text.trim());
      else resolve(typeof error.code === 'number' ? undefined : '');
    });
  });
}
