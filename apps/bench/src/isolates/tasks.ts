/** What isolates are asked to do. Peers that load a file and call a function by its name are given this very file. */
export type TaskName = 'echo' | 'spin' | 'measure';

/** Nothing: gives back what it got. */
export function echo(payload: unknown): unknown {
  return payload;
}

/** About a millisecond of arithmetic, and always the same amount of it: who is interrupted has no less to do. */
export function spin(payload: unknown): unknown {
  let value = 1;
  for (let step = 0; step < SPIN_STEPS; step++) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  return value === 0 ? undefined : payload;
}

const SPIN_STEPS = 850_000;

/** How long a text is, or how many bytes: the payload goes one way only. */
export function measure(payload: unknown): number {
  return (payload as string | Uint8Array).length;
}
