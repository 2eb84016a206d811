/** What is sent. */
export interface Note {
  readonly id: number;
  readonly text: string;
}

export const MEGABYTE = 1_000_000;

const TEXT = 'a message of about a hundred bytes, as it stands in JSON, with its id before it....';

/** About 100 bytes. */
export function note(id: number): Note {
  return { id, text: TEXT };
}

/** 1 MB of text, written in one piece. */
export function text(): string {
  return Buffer.alloc(MEGABYTE, 'abcdefghijklmnopqrstuvwxyz 0123456789').toString('latin1');
}

/** 1 MB in a buffer of its own. */
export function bytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(MEGABYTE).fill(7);
}
