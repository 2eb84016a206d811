import type { Middleware } from '../socket/middleware.js';
import { jsonSerializer, type Serializer } from '../wire/serializer.js';
import { v8Serializer } from '../wire/v8.serializer.js';

/** How words are written on a line, the same on both sides. */
export interface Dialect {
  readonly serializer: Serializer;
  readonly middleware: readonly Middleware[];
}

const SHIPPED = [jsonSerializer(), v8Serializer()];

/**
 * The dialect of an isolate whose host writes with the serializer called `name`: the one its decorator or its setup file gives, or one of
 * ours.
 *
 * @throws when there is none of that name
 */
export function dialectNamed(name: string, given: Partial<Dialect>): Dialect {
  const serializer = [given.serializer, ...SHIPPED].find((one) => one?.name === name);
  if (serializer === undefined) {
    const has = given.serializer === undefined ? 'none of its own' : `"${given.serializer.name}"`;
    throw new Error(
      `The host writes with the serializer "${name}", the isolate has ${has}. Give it in the decorator's dispatch, or export it as ` +
        `serializer from the setup file.`,
    );
  }
  return { serializer, middleware: given.middleware ?? [] };
}

/** The first words of each side, before it is known in which dialect they talk. */
export const FIRST = jsonSerializer();
