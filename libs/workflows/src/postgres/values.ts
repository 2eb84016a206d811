/** Milliseconds since 1970, as a number that every driver understands. */
export const msOf = (timestamp: string): string => `floor(date_part('epoch', ${timestamp}) * 1000)`;

/** The columns of a stored event. */
export const EVENT = `e.sequence, e.type, e.schema, e.payload, e.input, ${msOf('e.created_at')} as created_at_ms`;

/** One line without the indentation: it is sent each time where statements are not prepared. */
export const lines = (sql: string): string => sql.replaceAll(/\s+/g, ' ').trim();

/** A text that is made once for each schema: to put it together takes longer than to send it. */
export function once(text: (at: string) => string): (at: string) => string {
  const made = new Map<string, string>();
  return (at) => {
    const known = made.get(at) ?? text(at);
    made.set(at, known);
    return known;
  };
}
