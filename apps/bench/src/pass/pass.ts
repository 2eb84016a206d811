/**
 * A pass sends a number of items through a peer and waits for the last of them. Some passes warm up, a collection clears what
 * they left, one pass is timed; or several, of which the middle one counts.
 *
 * CPU time stands beside wall time because machines are shared: it counts what the work cost, with V8's helper threads, which
 * a wall clock would hide in idle cores. The timed pass is shortened when the warm-up says that it would take longer
 * than the budget.
 */
import { collect } from './heap.js';

const WARM_UP_ITEMS = 100_000;
const BUDGET_NS = 3e9;

export type Pass = (items: number) => Promise<unknown>;

/** Nanoseconds per item, and how many items they were taken from. */
export type Timing = Readonly<Record<'items' | 'cpuNs' | 'wallNs', number>>;

/** How passes of a suite are taken. */
export interface Habit {
  /** CPU time spent so far, in nanoseconds. */
  readonly cpuNs: () => number;
  /** How many items the first pass has. */
  readonly opening: (items: number) => number;
  /** How many passes warm up, how many items each has after the first at most, and how long it may take, as far as the one before it can tell. */
  readonly warmUps: number;
  readonly warmUpItems: number;
  readonly warmUpNs: number;
  /** How many passes are timed; the one in the middle counts. */
  readonly passes: number;
}

/** Passes whose items cost about a microsecond, in this process. */
export const HERE: Habit = {
  cpuNs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1e3;
  },
  opening: (items) => Math.min(items, WARM_UP_ITEMS),
  warmUps: 2,
  warmUpItems: WARM_UP_ITEMS,
  warmUpNs: BUDGET_NS,
  passes: 1,
};

/** The same in a process that has done this for a while: what a pass compiles that others before it have needed is not what counts. */
export const SETTLED: Habit = { ...HERE, warmUps: 3, warmUpItems: Number.POSITIVE_INFINITY, passes: 5 };

export async function timed(items: number, pass: Pass, habit = HERE): Promise<Timing> {
  let warm = await clocked(habit.opening(items), pass, habit);
  for (let taken = 1; taken < habit.warmUps; taken++)
    warm = await clocked(affordable(Math.min(items, habit.warmUpItems), warm.wallNs, habit.warmUpNs), pass, habit);
  const timings: Timing[] = [];
  while (timings.length < habit.passes) {
    await collect();
    timings.push(await clocked(affordable(items, warm.wallNs, BUDGET_NS), pass, habit));
  }
  return timings.toSorted((one, other) => one.cpuNs - other.cpuNs)[Math.floor(timings.length / 2)] as Timing;
}

async function clocked(items: number, pass: Pass, { cpuNs }: Habit): Promise<Timing> {
  const cpu = cpuNs();
  const began = process.hrtime.bigint();
  await pass(items);
  const wall = Number(process.hrtime.bigint() - began);
  return { items, cpuNs: (cpuNs() - cpu) / items, wallNs: wall / items };
}

/** As many items as the budget allows, rounded down to one significant digit so that rounds agree. */
function affordable(items: number, wallNsPerItem: number, budgetNs: number): number {
  const most = Math.max(1, Math.floor(budgetNs / wallNsPerItem));
  if (items <= most) return items;
  const magnitude = 10 ** Math.floor(Math.log10(most));
  return Math.floor(most / magnitude) * magnitude;
}
