import type { Figures, Scenario } from '../../suite/scenario.js';

/** The clock leads: what is asked of a queue is a rate. */
export const perJob: Scenario['measures'] = [
  { key: 'wallUs', title: 'wall µs/job', digits: 1 },
  { key: 'rate', title: 'jobs/s', digits: 0 },
  { key: 'cpuUs', title: 'client CPU µs/job', digits: 1 },
];

/** Runs `work` once: a disk is not warmed up by repetition, and a full queue cannot be filled twice. */
export async function timedOnce(items: number, work: () => Promise<void>): Promise<Figures> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const wallMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return { items, wallUs: (wallMs * 1e3) / items, rate: (items * 1e3) / wallMs, cpuUs: (user + system) / items };
}
