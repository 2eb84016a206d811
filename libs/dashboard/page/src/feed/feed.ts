import { api, Refusal } from '../act/api.js';
import { History } from './history.js';
import type { Happening, House, Snapshot } from './wire.js';

/** How the connection stands: not yet, well, gone and looked for again, or refused by a guard. */
export type FeedState = 'connecting' | 'live' | 'lost' | 'refused';

const RETRY_MS = 2_000;
const MOST_HAPPENINGS = 200;

/**
 * What is known of the application: what there is, the latest snapshot, the last minutes, and what happened.
 *
 * Snapshots may come faster than anybody can draw: only one is read for each frame, and one for each point of the curves.
 * When the connection is lost it is looked for again, and what there is, is asked anew: it may be another version.
 */
export class Feed {
  state: FeedState = 'connecting';
  house: House | undefined;
  history = new History([]);
  readonly happenings: Happening[] = [];
  private current: Snapshot | undefined;
  private unread: string | undefined;
  private readAt = 0;
  private source: EventSource | undefined;

  /** @param changed told when there is something new; it may be told often */
  constructor(private readonly changed: () => void) {}

  /** The latest there is; undefined before the first came. */
  get snapshot(): Snapshot | undefined {
    if (this.unread !== undefined) this.read(this.unread);
    return this.current;
  }

  async connect(): Promise<void> {
    try {
      const house = await api.get<House>('topology');
      if (JSON.stringify(house) !== JSON.stringify(this.house)) {
        this.house = house;
        this.history = new History(house.boundsMs);
        this.current = undefined;
      }
      this.open();
    } catch (error) {
      this.lose(error instanceof Refusal && (error.status === 401 || error.status === 403) ? 'refused' : 'lost');
    }
  }

  /** Asks for a snapshot now, as after an action. */
  async refresh(): Promise<void> {
    this.hear(JSON.stringify(await api.get<Snapshot>('snapshot')));
  }

  private open(): void {
    const source = new EventSource(api.address('stream?everyMs=1000'));
    this.source = source;
    source.addEventListener('snapshot', ({ data }: MessageEvent<string>) => this.hear(data));
    source.addEventListener('event', ({ data }: MessageEvent<string>) => {
      this.happenings.unshift({ at: Date.now(), ...(JSON.parse(data) as object) } as Happening);
      this.happenings.length = Math.min(this.happenings.length, MOST_HAPPENINGS);
      this.changed();
    });
    source.addEventListener('error', () => {
      source.close();
      // Of a stream that ended, or that was replaced meanwhile, nothing more is to be heard.
      if (this.source === source) this.lose('lost');
    });
  }

  private lose(state: 'lost' | 'refused'): void {
    this.source = undefined;
    this.state = state;
    this.changed();
    setTimeout(() => void this.connect(), RETRY_MS);
  }

  private hear(text: string): void {
    this.state = 'live';
    this.unread = text;
    // A page that nobody looks at draws no frames; its curves go on.
    if (performance.now() - this.readAt >= 950) this.read(text);
    this.changed();
  }

  private read(text: string): void {
    this.unread = undefined;
    this.readAt = performance.now();
    this.current = JSON.parse(text) as Snapshot;
    this.history.add(this.current);
  }
}
