/** How long the items of a single pass took, and what they cost this process. */
export type OnceTiming = Readonly<Record<'items' | 'wallUs' | 'rate' | 'cpuUs', number>>;

/** Runs `work` once: a disk is not warmed up by repetition, and a full queue cannot be filled twice. */
export async function timedOnce(items: number, work: () => Promise<unknown>): Promise<OnceTiming> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const wallMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return { items, wallUs: (wallMs * 1e3) / items, rate: (items * 1e3) / wallMs, cpuUs: (user + system) / items };
}
