import { api, Refusal } from '../act/api.js';
import { History, isOfOneProcess } from './history.js';
import type { Happening, House, Snapshot } from './wire.js';

/**
 * How the connection stands: not yet, well, gone and looked for again, refused by a guard; at its end because the workers have `stopped`,
 * and looked whether others came; `resting` while nobody looks.
 */
export type FeedState = 'connecting' | 'live' | 'lost' | 'refused' | 'stopped' | 'resting';

const RETRY_MS = 2_000;
/** What has stopped does not start again; another application may, at the same address. */
const LONGEST_RETRY_MS = 10_000;
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
  private retry: ReturnType<typeof setTimeout> | undefined;
  private retryMs = RETRY_MS;

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
      if (this.isResting) return;
      if (JSON.stringify(house) !== JSON.stringify(this.house)) {
        this.house = house;
        this.history = new History(house.boundsMs);
        this.current = undefined;
      }
      this.open();
    } catch (error) {
      if (this.isResting) return;
      this.lose(error instanceof Refusal && (error.status === 401 || error.status === 403) ? 'refused' : 'lost');
    }
  }

  /** Asks for a snapshot now, as after an action. Behind a balancer another process may answer; of that nothing is to be heard here. */
  async refresh(): Promise<void> {
    const answer = await api.get<Snapshot>('snapshot');
    const { snapshot } = this;
    if (snapshot !== undefined && isOfOneProcess(snapshot.host, answer.host)) this.hear(JSON.stringify(answer));
  }

  /** Lets go of the connection: a browser has few of them for all its windows, and an application has `maxStreams`. */
  rest(): void {
    this.source?.close();
    this.source = undefined;
    clearTimeout(this.retry);
    this.state = 'resting';
  }

  /** Connects again after a rest; harmless when there was none. */
  wake(): void {
    if (!this.isResting) return;
    this.state = 'connecting';
    this.changed();
    void this.connect();
  }

  private get isResting(): boolean {
    return this.state === 'resting';
  }

  private open(): void {
    this.source?.close();
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
      if (this.source === source) this.lose(this.snapshot?.stats.state === 'stopped' ? 'stopped' : 'lost');
    });
  }

  private lose(state: 'lost' | 'refused' | 'stopped'): void {
    // Who stops is mostly gone soon, and the next one is there; only who stays stopped is left in peace.
    const isStillStopped = state === 'stopped' && this.state === 'stopped';
    this.retryMs = isStillStopped ? Math.min(this.retryMs * 2, LONGEST_RETRY_MS) : RETRY_MS;
    this.source = undefined;
    this.state = state;
    this.changed();
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.connect(), this.retryMs);
  }

  private hear(text: string): void {
    if (this.isResting) return;
    this.unread = text;
    const wasStopped = this.state === 'stopped';
    // A page that nobody looks at draws no frames; its curves go on.
    if (wasStopped || performance.now() - this.readAt >= 950) this.read(text);
    if (!wasStopped || this.current?.stats.state !== 'stopped') this.state = 'live';
    this.changed();
  }

  private read(text: string): void {
    this.unread = undefined;
    this.readAt = performance.now();
    this.current = JSON.parse(text) as Snapshot;
    this.history.add(this.current);
  }
}
