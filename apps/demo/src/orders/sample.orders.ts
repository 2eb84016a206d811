import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { OUTBOX_MODULE_OPTIONS, type OutboxModuleOptions } from '@nestjs-workers/outbox';
import {
  defaultIfEmpty,
  exhaustMap,
  filter,
  firstValueFrom,
  interval,
  map,
  merge,
  startWith,
  Subject,
  takeUntil,
} from 'rxjs';
import type { Bill } from './order.js';
import { Orders, type OrderView } from './orders.js';

/** The two orders of each run. The first has time enough for a machine that is busy, and for a run that is killed meanwhile. */
const SAMPLES: readonly (Omit<Bill, 'cents'> & { readonly id: string })[] = [
  { id: 'order-1', prints: 12, card: 'declined-twice', payWithinMs: 120_000 },
  { id: 'order-2', prints: 3, card: 'declined', payWithinMs: 2_000 },
];

const CHANNELS = ['order.effects', 'order.inputs'];

/** For what no event tells: another process may finish it, and what is a dead letter is finished by nobody. */
const LOOK_EVERY_MS = 250;

/**
 * The orders that every run places: one that is shipped after its card was declined twice, and one that is never paid. They are called the
 * same in every run, so that a run with the same folder finds what the one before has done, and goes on with what it left.
 */
@Injectable()
export class SampleOrders implements OnModuleDestroy {
  private readonly stopping = new Subject<void>();

  constructor(
    @Inject(OUTBOX_MODULE_OPTIONS) private readonly outbox: OutboxModuleOptions,
    private readonly orders: Orders,
  ) {}

  onModuleDestroy(): void {
    this.stopping.next();
  }

  async place(): Promise<void> {
    for (const { id, ...bill } of SAMPLES) await this.orders.place(id, bill);
  }

  /** Resolves with what became of them, when nothing more can; also when the application stops before that. */
  async settled(): Promise<readonly OrderView[]> {
    const looks$ = merge(this.orders.news$, interval(LOOK_EVERY_MS)).pipe(
      startWith(undefined),
      exhaustMap(() => this.look()),
      filter(({ isOver }) => isOver),
      map(({ views }) => views),
      takeUntil(this.stopping),
      defaultIfEmpty<readonly OrderView[], readonly OrderView[]>([]),
    );
    return firstValueFrom(looks$);
  }

  private async look(): Promise<{ readonly views: readonly OrderView[]; readonly isOver: boolean }> {
    // Before the orders: what is under way now may have reached them by then.
    const isQuiet = await this.isNothingUnderWay();
    const found = await Promise.all(SAMPLES.map(({ id }) => this.orders.find(id)));
    const views = found.filter((view) => view !== undefined);
    const open = views.filter(({ isCompleted }) => !isCompleted);
    const isStuck = isQuiet && open.every(({ timers }) => timers.length === 0);
    return { views, isOver: open.length === 0 || isStuck };
  }

  /** What is left of an order then are timers, or dead letters. */
  private async isNothingUnderWay(): Promise<boolean> {
    const stats = await this.outbox.store.stats();
    return CHANNELS.every((channel) => {
      const { ready = 0, delayed = 0, claimed = 0 } = stats[channel] ?? {};
      return ready + delayed + claimed === 0;
    });
  }
}
