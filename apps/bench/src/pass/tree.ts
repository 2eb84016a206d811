/**
 * CPU time and memory of this process and all that it started, threads and child processes alike. Linux tells it in `/proc`;
 * elsewhere only this process is seen, with its threads.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** A tick of the kernel's accounting, as it shows it to programs: the same on every Linux that Node runs on. */
const TICK_NS = 1e7;
const PAGE_BYTES = 4_096;

interface Kin {
  readonly pid: number;
  readonly parent: number;
  /** Its own time, and that of its children that have ended. */
  readonly ownTicks: number;
  readonly buriedTicks: number;
  readonly rssBytes: number;
}

/** CPU time spent so far, in nanoseconds. */
export function treeCpuNs(): number {
  const { user, system } = process.cpuUsage();
  const self = read(process.pid);
  const ticks = descendants().reduce((sum, { ownTicks, buriedTicks }) => sum + ownTicks + buriedTicks, 0);
  return (user + system) * 1e3 + (ticks + (self?.buriedTicks ?? 0)) * TICK_NS;
}

export function treeRssBytes(): number {
  return descendants().reduce((sum, { rssBytes }) => sum + rssBytes, process.memoryUsage.rss());
}

function descendants(): Kin[] {
  const all = listed().flatMap((pid) => read(pid) ?? []);
  const found: Kin[] = [];
  for (let parents = [process.pid]; parents.length > 0;) {
    const next = all.filter(({ parent }) => parents.includes(parent));
    found.push(...next);
    parents = next.map(({ pid }) => pid);
  }
  return found;
}

function listed(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0);
  } catch {
    return [];
  }
}

/** Undefined for one that has ended meanwhile. */
function read(pid: number): Kin | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it may hold anything, spaces and brackets too.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    const at = (index: number) => Number(fields[index]);
    return {
      pid,
      parent: at(1),
      ownTicks: at(11) + at(12),
      buriedTicks: at(13) + at(14),
      rssBytes: at(21) * PAGE_BYTES,
    };
  } catch {
    return undefined;
  }
}
