import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';

/**
 * Where a picture comes from, in words that are the same in every run for as long as the picture is the same. From it a picture has its id, so
 * that a run knows again what an earlier one did, and no two pictures share an id in one output folder.
 */
export type Origin = string;

/** A file of this size and date; changed, it is another picture. What cannot be looked at is told later, by whoever reads it. */
export async function originOfFile(path: string): Promise<Origin> {
  const found = await stat(path).catch(() => undefined);
  return `file ${path} ${found?.size} ${found?.mtimeMs}`;
}

/** The same seed gives the same drawing, and stands in its name. */
export function originOfDrawing(name: string): Origin {
  return `drawing ${name}`;
}

/** Nothing comes twice from a browser: what it sends lies under a name of its own. */
export function originOfUpload(path: string): Origin {
  return `upload ${path}`;
}

/** @param nth the how-many-eth of this origin in its run: who names a file twice gets two pictures */
export function idFrom(origin: Origin, nth: number): string {
  return createHash('sha256').update(`${nth} ${origin}`).digest('hex').slice(0, 16);
}
