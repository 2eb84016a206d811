import { Injectable, type MessageEvent, type OnModuleInit } from '@nestjs/common';
import {
  type Channel,
  InjectChannel,
  WorkerGateway,
  type WorkersEvent,
  WorkersEvents,
  type WorkersStats,
} from '@nestjs-workers/core';
import {
  bufferTime,
  concat,
  concatMap,
  defer,
  filter,
  last,
  map,
  merge,
  mergeAll,
  type Observable,
  of,
  ReplaySubject,
  takeUntil,
} from 'rxjs';
import { ContactSheet } from '../contact-sheet/contact.sheet.js';
import { Gallery, type GalleryNews, type Refusal } from '../gallery/gallery.js';
import { Orders } from '../orders/orders.js';
import { ALL_STAGES, isDurable } from '../pipeline.js';
import type { Thumbnail } from '../thumbnails/thumbnail.js';
import { Pulses } from './pulse.js';

/** How many of the latest a page shows; the rest is counted. */
const MOST_SHOWN = 300;
const MOST_ORDERS = 24;
const NEWS_EVERY_MS = 100;

/**
 * What a page is told, as server-sent events: `opening` with all there is of pictures, then `pulse` with the statistics and `news` with what
 * was hung or refused since the last one, each at most ten times a second, `order` with a whole order, of the latest at once and of any when
 * something happened to it, and `isolate` when a thread or process is ready or has ended. It ends when the application stops.
 */
@Injectable()
export class Feed implements OnModuleInit {
  /** A channel gives each message to one taker. This is the one; however many pages are open, they share it. */
  private readonly pulses$ = new ReplaySubject<WorkersStats>(1);

  constructor(
    @InjectChannel(Pulses) private readonly channel: Channel<WorkersStats>,
    private readonly workers: WorkerGateway,
    private readonly events: WorkersEvents,
    private readonly gallery: Gallery,
    private readonly contactSheet: ContactSheet,
    private readonly orders: Orders,
  ) {}

  onModuleInit(): void {
    this.channel.subscribe(this.pulses$);
  }

  open(): Observable<MessageEvent> {
    const opening$ = defer(() => of(this.opening()));
    const pulse$ = this.pulses$.pipe(map((stats) => this.pulse(stats)));
    const news$ = this.gallery.news$.pipe(bufferTime(NEWS_EVERY_MS), map(newsOf), filter(isWorthTelling));
    const isolate$ = this.events.events$.pipe(filter(isOfIsolate), map(toldOf));
    // Whoever listens before they are listed misses nothing that happens meanwhile.
    const orders$ = merge(this.orders.news$, defer(() => this.listed()).pipe(mergeAll()));
    const order$ = orders$.pipe(
      concatMap((id) => this.told(id)),
      mergeAll(),
    );
    return concat(
      opening$,
      merge(pulse$, news$, isolate$, order$).pipe(takeUntil(this.pulses$.pipe(last(null, undefined)))),
    );
  }

  private opening(): MessageEvent {
    const thumbnails = this.gallery.thumbnails.slice(-MOST_SHOWN).map(shown);
    const refusals = this.gallery.refusals.slice(-MOST_SHOWN);
    const stages = ALL_STAGES.map(({ channel, worker }) => ({
      channel,
      isDurable: isDurable(this.workers.channel(channel).stats()),
      worker,
    }));
    return { type: 'opening', retry: 1_000, data: { stages, thumbnails, refusals } };
  }

  private listed(): Promise<readonly string[]> {
    return this.orders.ids(MOST_ORDERS).catch(() => []);
  }

  /** As it stands when it is told, which may be later than what happened; what cannot be read now is told the next time. */
  private async told(id: string): Promise<MessageEvent[]> {
    const order = await this.orders.find(id).catch(() => undefined);
    return order === undefined ? [] : [{ type: 'order', data: order }];
  }

  private pulse(stats: WorkersStats): MessageEvent {
    const { latest } = this.contactSheet;
    const sheet = latest && { edition: latest.edition, pictures: latest.pictures };
    return { type: 'pulse', data: { stats, counts: this.gallery.counts, sheet } };
  }
}

function newsOf(news: GalleryNews[]): MessageEvent & { data: { thumbnails: object[]; refusals: Refusal[] } } {
  const thumbnails = news.flatMap((one) => (one.type === 'hung' ? [shown(one.thumbnail)] : []));
  const refusals = news.flatMap((one) => (one.type === 'refused' ? [one.refusal] : []));
  return { type: 'news', data: { thumbnails: thumbnails.slice(-MOST_SHOWN), refusals: refusals.slice(-MOST_SHOWN) } };
}

type IsolateEvent = Extract<WorkersEvent, { name: 'workers.isolate-ready' | 'workers.isolate-ended' }>;

function isOfIsolate(event: WorkersEvent): event is IsolateEvent {
  return event.name === 'workers.isolate-ready' || event.name === 'workers.isolate-ended';
}

function toldOf(event: IsolateEvent): MessageEvent {
  const { name, isolate, kind } = event;
  return {
    type: 'isolate',
    data: { name, isolate, kind, ...('why' in event ? { why: event.why, isCrash: event.isCrash } : {}) },
  };
}

function isWorthTelling({ data }: ReturnType<typeof newsOf>): boolean {
  return data.thumbnails.length + data.refusals.length > 0;
}

/** Without the paths, which are nobody's business. */
function shown({ id, name, width, height, colour }: Thumbnail) {
  return { id, name, width, height, colour };
}
