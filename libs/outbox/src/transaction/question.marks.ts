/** Texts, quoted names, comments; then a placeholder, then a question mark that is none. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\d+)|\?/g;

/**
 * SQL with `$1` in the form of query builders that count question marks: each use of a parameter is a `?` with a value of its own, and a
 * question mark that is an operator or stands in a text is escaped with a backslash.
 */
export function questionMarks(
  sql: string,
  parameters: readonly unknown[],
): { readonly sql: string; readonly bindings: readonly unknown[] } {
  const bindings: unknown[] = [];
  const converted = sql.replaceAll(TOKEN, (token, position: string | undefined) => {
    if (position === undefined) return token.replaceAll('?', '\\?');
    bindings.push(parameters[Number(position) - 1]);
    return '?';
  });
  return { sql: converted, bindings };
}
