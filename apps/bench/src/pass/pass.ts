/**
 * A pass sends a number of items through a peer and waits for the last of them. Two passes warm up, a collection clears what
 * they left, one pass is timed.
 *
 * CPU time stands beside wall time because machines are shared: it counts this process only, with V8's helper threads, which
 * a wall clock would hide in idle cores. The timed pass is shortened when the warm-up says that it would take longer
 * than the budget.
 */
import { collect } from './heap.js';

const WARM_UP_ITEMS = 100_000;
const BUDGET_NS = 3e9;

export type Pass = (items: number) => Promise<unknown>;

/** Nanoseconds per item, and how many items they were taken from. */
export type Timing = Readonly<Record<'items' | 'cpuNs' | 'wallNs', number>>;

export async function timed(items: number, pass: Pass): Promise<Timing> {
  const warmUpItems = Math.min(items, WARM_UP_ITEMS);
  await clocked(warmUpItems, pass);
  const { wallNs } = await clocked(warmUpItems, pass);
  await collect();
  return clocked(affordable(items, wallNs), pass);
}

async function clocked(items: number, pass: Pass): Promise<Timing> {
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  await pass(items);
  const wall = Number(process.hrtime.bigint() - began);
  const { user, system } = process.cpuUsage(cpu);
  return { items, cpuNs: ((user + system) * 1e3) / items, wallNs: wall / items };
}

/** As many items as the budget allows, rounded down to one significant digit so that rounds agree. */
function affordable(items: number, wallNsPerItem: number): number {
  const most = Math.max(1, Math.floor(BUDGET_NS / wallNsPerItem));
  if (items <= most) return items;
  const magnitude = 10 ** Math.floor(Math.log10(most));
  return Math.floor(most / magnitude) * magnitude;
}
