import type { Form } from './portable.js';

/**
 * Writes a frame as text or bytes, and reads it again: the pair that a worker in a process may be given.
 *
 * A frame is an array of JSON data in which payloads, results and errors stand packed, in the form that the pair keeps by itself. So a
 * pair need not know about dates, maps or errors: one that keeps JSON data keeps everything. A pair that keeps more (what the structured
 * clone keeps) says so with `form: 'clone'`, and less is packed.
 *
 * Both sides use the same pair. `deserialize` owns `data`: what it gives may be views of that memory, so a transport does not use it again,
 * unless the pair says that it copies.
 */
export interface Serializer {
  /** Compared when the two sides meet, and named in errors. */
  readonly name: string;
  /** What the pair keeps by itself. @default 'json' */
  readonly form?: Form;
  /**
   * Whether values and bytes share no memory: what `serialize` gives is new each time and nobody keeps it, what `deserialize` gives has
   * nothing of the memory of `data`. Then a transport uses memory again, or frees it. @default false
   */
  readonly isCopying?: boolean;
  /** @throws what the pair has to say about a frame it cannot write; only the message in that frame is refused */
  serialize(frame: unknown): string | Buffer;
  deserialize(data: Buffer): unknown;
}

/** JSON: the fast one for small messages, and readable. The default. */
export function jsonSerializer(): Serializer {
  return JSON_SERIALIZER;
}

const JSON_SERIALIZER: Serializer = {
  name: 'json',
  form: 'json',
  isCopying: true,
  serialize: (frame) => JSON.stringify(frame),
  deserialize: (data) => JSON.parse(data.toString()) as unknown,
};
