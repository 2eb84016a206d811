import { distance } from 'fastest-levenshtein';

/**
 * The base of every error this library makes.
 *
 * Each subclass stands for one decision a caller can take and carries a stable `code` to switch on, fields with the
 * facts, and a `cause` where another error is behind it. Its message says what was asked, what was found and what to
 * do. An error that refuses a message carries that message, so nothing is lost by being refused.
 */
export abstract class WorkersError extends Error {
  /** Stable, upper case, safe to compare and to log; part of the public contract. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The known name nearest to `asked`, when it is near enough to be a slip of the hand. */
export function nearest(asked: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(asked.length / 3)) + 1;
  for (const name of known) {
    const steps = distance(asked.toLowerCase(), name.toLowerCase());
    if (steps < bestDistance) [best, bestDistance] = [name, steps];
  }
  return best;
}

/** ` Known: "a", "b". Did you mean "b"?`: the closing words of every error about a name. */
export function suggestion(asked: string, known: Iterable<string>): string {
  const names = [...known];
  const near = nearest(asked, names);
  const list = names.length > 0 ? ` Known: ${names.map((name) => `"${name}"`).join(', ')}.` : ' None is known.';
  return near === undefined ? list : `${list} Did you mean "${near}"?`;
}

/** `value (type)`, short enough for one line of a message. */
export function shown(value: unknown): string {
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const text = type === 'object' || type === 'array' ? (safeJson(value) ?? type) : String(value);
  return `${text.length > 60 ? `${text.slice(0, 57)}...` : text} (${type})`;
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
