/** A span of time: milliseconds as a number, or a number with its unit as text: `250`, `'250ms'`, `'30s'`, `'5m'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** The span in milliseconds, or `undefined` when `value` is not a span of time from 0 up. */
export function toMs(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  const parts = typeof value === 'string' ? PATTERN.exec(value) : null;
  return parts === null ? undefined : Number(parts[1]) * UNITS_MS[parts[2] as keyof typeof UNITS_MS];
}
