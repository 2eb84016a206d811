import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type WorkersEvent, WorkersEvents } from '@nestjs-workers/core';
import { OUTBOX_MODULE_OPTIONS, type OutboxModuleOptions } from '@nestjs-workers/outbox';
import {
  defaultIfEmpty,
  filter,
  firstValueFrom,
  interval,
  merge,
  startWith,
  Subject,
  switchMap,
  takeUntil,
} from 'rxjs';
import { Gallery } from '../gallery/gallery.js';
import { Thumbnails } from '../thumbnails/thumbnail.js';

/** For what no event tells: another process may finish it. */
const LOOK_EVERY_MS = 500;

const NEWS: ReadonlySet<WorkersEvent['name']> = new Set(['workers.completed', 'workers.buried', 'workers.taken-over']);

/** The thumbnails that an earlier run made, and was killed before it had stored them. Their worker gets them as any others. */
@Injectable()
export class LeftInStore implements OnModuleDestroy {
  private readonly stopping = new Subject<void>();

  constructor(
    @Inject(OUTBOX_MODULE_OPTIONS) private readonly outbox: OutboxModuleOptions,
    private readonly events: WorkersEvents,
    private readonly gallery: Gallery,
  ) {}

  onModuleDestroy(): void {
    this.stopping.next();
  }

  /** Resolves when the store holds none any more, with their number; also when the application stops before that. */
  async finish(): Promise<number> {
    const news$ = this.events.events$.pipe(filter(({ name }) => NEWS.has(name)));
    const isEmpty$ = merge(news$, interval(LOOK_EVERY_MS)).pipe(
      startWith(undefined),
      switchMap(() => this.isEmpty()),
      filter((isEmpty) => isEmpty),
      takeUntil(this.stopping),
      defaultIfEmpty(true),
    );
    await firstValueFrom(isEmpty$);
    return this.gallery.counts.hung;
  }

  private async isEmpty(): Promise<boolean> {
    const { [Thumbnails.name]: stored } = await this.outbox.store.stats();
    if (stored === undefined) return true;
    // Suspects are what a host died with.
    return stored.ready + stored.delayed + stored.claimed + stored.suspects === 0;
  }
}
