import { Injectable } from '@nestjs/common';
import { type WorkersEvent, WorkersEvents } from '@nestjs-workers/core';
import { type Outcome, Workflows } from '@nestjs-workers/workflows';
import { filter, map, type Observable } from 'rxjs';
import type { Order, OrderEvent, OrderInput, OrderRejection } from './order.js';
import { type StoryLine, storyOf } from './order.story.js';
import { OrderWorkflow } from './order.workflow.js';

/** An order as a page shows it. */
export interface OrderView {
  readonly id: string;
  readonly status: Order['status'];
  readonly isCompleted: boolean;
  readonly declines: number;
  readonly prints: number;
  readonly story: readonly StoryLine[];
  readonly timers: readonly { readonly key: string; readonly dueAt: string }[];
  /** Its way so far, in Mermaid. */
  readonly diagram: string;
}

/** Orders of prints: the door to their workflow, and what it came to. What an order is called is its customer's choice. */
@Injectable()
export class Orders {
  constructor(
    private readonly workflows: Workflows,
    private readonly events: WorkersEvents,
  ) {}

  /** The id of each order that something happened to, here. */
  get news$(): Observable<string> {
    return this.events.events$.pipe(
      filter(isOfOrder),
      map(({ instance }) => instance),
    );
  }

  place(
    id: string,
    ordered: Omit<OrderInput & { type: 'place' }, 'type'>,
  ): Promise<Outcome<OrderEvent, OrderRejection>> {
    return this.workflows.execute(OrderWorkflow, id, { type: 'place', ...ordered });
  }

  /** Undefined when nobody placed it. */
  async find(id: string): Promise<OrderView | undefined> {
    const found = await this.workflows.state(OrderWorkflow, id);
    if (found === undefined || found.state.status === 'new') return undefined;
    const [history, timers, diagram] = await Promise.all([
      this.workflows.history(OrderWorkflow, id),
      this.workflows.timers(OrderWorkflow, id),
      this.workflows.diagram(OrderWorkflow, { id }),
    ]);
    const { status, declines, prints } = found.state;
    return {
      id,
      status,
      isCompleted: found.isCompleted,
      declines,
      prints,
      story: storyOf(history),
      timers: timers.map(({ key, dueAt }) => ({ key, dueAt: dueAt.toISOString() })),
      diagram,
    };
  }

  /** The ids of the latest, the oldest of them first. */
  async ids(limit: number): Promise<readonly string[]> {
    const rows = await this.workflows.list({ workflow: OrderWorkflow, limit });
    return rows.toReversed().map(({ id }) => id);
  }

  /** The latest, the oldest of them first. */
  async latest(limit: number): Promise<readonly OrderView[]> {
    const views = await Promise.all((await this.ids(limit)).map((id) => this.find(id)));
    return views.filter((view) => view !== undefined);
  }
}

type Decided = Extract<WorkersEvent, { name: 'workers.decided' }>;

function isOfOrder(event: WorkersEvent): event is Decided {
  return event.name === 'workers.decided' && event.workflow === 'order' && event.outcome === 'accepted';
}
