import { randomBytes } from 'node:crypto';
import type { Runner } from './database.js';
import { statement } from './statement.js';

/** The server refuses notes of 8000 bytes. */
const MAX_BYTES = 7_900;

/** $1 the name of the bell, $2 the notes. */
const ring = statement('ring', () => `select pg_notify($1, note) from unnest($2::text[]) note`);
/** The same for one note and on anybody's connection. */
export const ringOnce = statement('ring_once', () => 'select pg_notify($1, $2)::text');

/** What a note says. */
export type Note =
  | { readonly type: 'wake'; readonly channels: readonly string[] | undefined }
  | { readonly type: 'finished'; readonly ids: readonly number[] };

/** Who leaves notes, and on which bell. */
export class Signature {
  readonly sender = randomBytes(6).toString('base64url');
  readonly bell: string;

  constructor(schema: string) {
    this.bell = `${schema}:workers`;
  }

  wakeNote(channels: readonly string[]): string {
    const note = `${this.sender} w ${JSON.stringify(channels)}`;
    return Buffer.byteLength(note) > MAX_BYTES ? `${this.sender} w` : note;
  }
}

/**
 * The notes that processes leave one another by NOTIFY. A lost one delays and harms nothing: everybody looks by himself, now and then.
 *
 * A store tells its own seats itself, sooner than the server could, and knows its own notes by their sender.
 */
export class Bell {
  readonly signature: Signature;
  private ids: number[] = [];
  private ringing: Promise<void> | undefined;

  constructor(
    schema: string,
    private readonly runner: Runner,
  ) {
    this.signature = new Signature(schema);
  }

  get name(): string {
    return this.signature.bell;
  }

  async wake(channels: readonly string[]): Promise<void> {
    await this.runner.run(ring, [this.name, [this.signature.wakeNote(channels)]]);
  }

  /** What comes while the server is being told is told with the next note. */
  finished(ids: readonly number[], onFault: (error: unknown) => void): void {
    this.ids.push(...ids);
    if (this.ids.length > 0)
      this.ringing ??= this.ringFinished()
        .catch(onFault)
        .finally(() => (this.ringing = undefined));
  }

  /** Until everything is told. */
  async rest(): Promise<void> {
    await this.ringing;
  }

  private async ringFinished(): Promise<void> {
    const { sender } = this.signature;
    while (this.ids.length > 0) {
      const notes: string[] = [];
      while (this.ids.length > 0) notes.push(`${sender} f ${this.ids.splice(0, 400).join(',')}`);
      await this.runner.run(ring, [this.name, notes]);
    }
  }

  /** Undefined for a note of our own, or in words that we do not know. */
  read(text: string): Note | undefined {
    const [sender, type, ...words] = text.split(' ');
    if (sender === this.signature.sender) return undefined;
    if (type === 'f') return { type: 'finished', ids: words.join('').split(',').map(Number) };
    if (type !== 'w') return undefined;
    return { type: 'wake', channels: words.length === 0 ? undefined : channelsOf(words.join(' ')) };
  }
}

function channelsOf(json: string): string[] | undefined {
  try {
    return JSON.parse(json) as string[];
  } catch {
    return undefined;
  }
}
