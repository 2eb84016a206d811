/** One server-sent event. */
export interface ServerSentEvent {
  readonly type: string;
  /** What it carries as JSON; undefined where that cannot be read. */
  readonly data: unknown;
}

/** More than any snapshot is long; who says so much without an end does not speak this language. */
const MOST_CHARACTERS = 64 * 1_048_576;

/** The server-sent events in `body`, as they come. @throws (rejects) RangeError when one does not end; what reading throws */
export async function* eventsIn(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true }).replaceAll('\r', '');
    const parts = text.split('\n\n');
    text = parts.pop() as string;
    if (text.length > MOST_CHARACTERS) throw new RangeError('an event that does not end');
    for (const part of parts) yield eventIn(part);
  }
}

function eventIn(part: string): ServerSentEvent {
  const lines = part.split('\n');
  const fields = (name: string): string[] =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''));
  return { type: fields('event').at(-1) ?? 'message', data: parsed(fields('data').join('\n')) };
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
