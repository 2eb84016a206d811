import { createHash } from 'node:crypto';

/** One SQL statement, named by its verb. `$n` stands for its parameters, `schema` is quoted already. */
export interface Statement {
  readonly verb: string;
  readonly text: (schema: string) => string;
}

export function statement(verb: string, text: (schema: string) => string): Statement {
  const made = new Map<string, string>();
  return {
    verb,
    text: (schema) => {
      const known = made.get(schema) ?? text(schema).replaceAll(/\s+/g, ' ').trim();
      made.set(schema, known);
      return known;
    },
  };
}

/** A name that belongs to this text: connections outlive deployments, and behind a pooler they serve several versions at a time. */
export function nameOf(verb: string, text: string): string {
  return `nestjs_workers_${verb}_${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}

/** An array parameter of numbers, in PostgreSQL's own notation; the driver would ask each element for its type. */
export function numbers(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

/** What a value read from the store is, whatever driver brought it. */
export const asNumber = (value: unknown): number => Number(value);
export const asText = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Milliseconds since 1970, as a number that every driver understands. */
export const msOf = (timestamp: string): string => `(date_part('epoch', ${timestamp}) * 1000)`;
