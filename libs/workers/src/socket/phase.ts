import { PhaseError } from './socket.errors.js';

/**
 * The phases of an isolate in a process of its own (seed 002), each with those that may follow it.
 *
 * - `spawn`: its process and its socket are being made. - `connect`: it runs and is not accepted yet.
 * - `message`: it is accepted; messages go both ways. A line that is lost leads back to `connect`.
 * - `shutdown`: nothing new is sent; line, process and socket are being closed, in this order. - `ended`: nothing of it is left.
 *
 * An isolate that fails, in whatever phase, is shut down like any other, so what there is of it is cleaned up in one place.
 */
const FOLLOWING = {
  spawn: ['connect', 'shutdown'],
  connect: ['message', 'shutdown'],
  message: ['connect', 'shutdown'],
  shutdown: ['ended'],
  ended: [],
} as const satisfies Record<string, readonly string[]>;

export type Phase = keyof typeof FOLLOWING;

export const PHASES = Object.keys(FOLLOWING) as Phase[];

/** The phases that may follow `phase`. */
export function following(phase: Phase): readonly Phase[] {
  return FOLLOWING[phase];
}

/**
 * The phase after a move from `from` to `to`, which is `to`. An isolate begins with `spawn`.
 *
 * @throws PhaseError when the table has no such move; whoever keeps the phase keeps it as it was.
 */
export function moved(from: Phase, to: Phase): Phase {
  const allowed = following(from);
  if (!allowed.includes(to)) throw new PhaseError(from, to, allowed);
  return to;
}
