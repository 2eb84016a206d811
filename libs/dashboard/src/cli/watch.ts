import { setTimeout as pause } from 'node:timers/promises';
import type { Screen } from '@nestjs-workers/core/cli';
import type { Snapshot } from '../admin/snapshot.js';
import { type Endpoint, EndpointError } from './endpoint.js';
import { pictureOf } from './picture.js';
import { type Rates, Recently } from './rates.js';
import { line } from './table.js';

export interface WatchParts {
  readonly endpoint: Endpoint;
  readonly everyMs: number;
  readonly screen: Screen;
  /** Aborted when it is to end. */
  readonly interruption: AbortSignal;
}

/** The other screen of the terminal, without a cursor, and lines that end at its edge; and back to how it was. */
const ENTER = '\u001B[?1049h\u001B[?25l\u001B[?7l';
const LEAVE = '\u001B[?7h\u001B[?25h\u001B[?1049l';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** What has stopped does not start again; another application may, at the same address. */
const LONGEST_PAUSE_AFTER_STOP_MS = 10_000;

/**
 * Draws what the workers of an application do, until it is interrupted.
 *
 * States: not begun; `following`; `waiting` for an application that is gone or has stopped, which keeps what was seen last on the screen.
 *
 * Promises: the screen is given back as it was, however it ends; an application that comes again is followed again.
 *
 * @returns the exit code. @throws (rejects) EndpointError when nothing can be seen from the start, or it is refused later
 */
export async function watch(parts: WatchParts): Promise<number> {
  const { screen, interruption } = parts;
  const view = new View(parts);
  const stopListening = screen.onResize(() => view.draw());
  try {
    for (let failures = 0; !interruption.aborted; failures++) {
      const lost = await follow(parts, view, () => (failures = 0));
      if (interruption.aborted) break;
      view.lose(lost);
      const longestMs = view.isStopped ? LONGEST_PAUSE_AFTER_STOP_MS : LONGEST_PAUSE_MS;
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** failures, longestMs), undefined, { signal: interruption });
    }
    return 0;
  } catch (error) {
    if (interruption.aborted) return 0;
    throw error;
  } finally {
    stopListening();
    view.close();
  }
}

/** Follows one connection to its end, and says why it ended. */
async function follow(
  { endpoint, everyMs, interruption }: WatchParts,
  view: View,
  onAlive: () => void,
): Promise<string> {
  try {
    for await (const snapshot of endpoint.snapshots(everyMs, interruption)) {
      view.show(snapshot);
      if (!view.isStopped) onAlive();
    }
    if (!view.isOpen) throw new EndpointError(`${endpoint.url} ended the stream before it said anything.`, false);
    return view.isStopped ? `The workers of ${endpoint.url} have stopped.` : `${endpoint.url} ended the stream.`;
  } catch (error) {
    if (!(error instanceof EndpointError) || error.isLasting || !view.isOpen) throw error;
    return error.message;
  }
}

/** What stands on the screen. */
class View {
  private readonly recently = new Recently();
  private shown: { readonly snapshot: Snapshot; readonly rates: Rates | undefined } | undefined;
  private lost: string | undefined;

  constructor(private readonly parts: WatchParts) {}

  get isOpen(): boolean {
    return this.shown !== undefined;
  }

  /** Whether what was seen last will never be anything else. */
  get isStopped(): boolean {
    return this.shown?.snapshot.stats.state === 'stopped';
  }

  show(snapshot: Snapshot): void {
    if (!this.isOpen) this.parts.screen.draw(ENTER);
    this.shown = { snapshot, rates: this.recently.note(snapshot) };
    this.lost = undefined;
    this.draw();
  }

  lose(why: string): void {
    this.lost = why;
    this.draw();
  }

  draw(): void {
    if (this.shown === undefined) return;
    const { screen, endpoint, everyMs } = this.parts;
    const { snapshot, rates } = this.shown;
    const status =
      this.lost === undefined
        ? line(`${endpoint.url}  every ${everyMs} ms  Ctrl+C ends`, 'faint', screen)
        : line(`${this.lost} Trying again; this was seen last.`, 'alarm', screen);
    const lines = shortened(pictureOf(snapshot, rates, screen), screen.rows - 1, screen);
    // Over what is there and not after wiping it, so that nothing flickers.
    screen.draw(`\u001B[H${[...lines, status].map((one) => `${one}\u001B[K`).join('\r\n')}\u001B[J`);
  }

  close(): void {
    if (this.isOpen) this.parts.screen.draw(LEAVE);
  }
}

function shortened(lines: readonly string[], room: number, screen: Screen): readonly string[] {
  if (lines.length <= room) return lines;
  const kept = Math.max(0, room - 1);
  return [...lines.slice(0, kept), line(`${lines.length - kept} more lines; --once shows all`, 'faint', screen)];
}
