import type { DurableOptions } from '@nestjs-workers/outbox';
import { integer, type OptionTable, resolveOptions } from '@nestjs-workers/core/plain';

/** What `@Workflow` takes beside the name. */
export interface WorkflowOptions {
  /** Of the shape of its events: raise it when they change, and let `upcast` read the older ones. @default 1 */
  readonly version?: number;
  /** After how many events a snapshot of the state is kept; false for never. @default 100 */
  readonly snapshotEvery?: number | false;
  /** Of the shape of its state: raise it when that or `evolve` changes, and older snapshots are passed over. @default 1 */
  readonly snapshotVersion?: number;
  /** How effects are tried again, and the rest of what a durable channel takes. @default as durable() */
  readonly effects?: Omit<DurableOptions, 'payload'>;
  /** The same for inputs that come from effects, timers and `send`. @default as durable() */
  readonly inputs?: Omit<DurableOptions, 'payload'>;
}

export interface ResolvedWorkflowOptions {
  readonly version: number;
  /** Infinity for never. */
  readonly snapshotEvery: number;
  readonly snapshotVersion: number;
  /** Checked with the channels they are for. */
  readonly effects: object;
  readonly inputs: object;
}

const WORKFLOW_TABLE: OptionTable<ResolvedWorkflowOptions> = {
  version: integer(1, 1),
  snapshotEvery: {
    expects: 'a number of events from 1 up, or false',
    read: (given) =>
      given === false ? Infinity : Number.isInteger(given) && (given as number) >= 1 ? (given as number) : undefined,
    fallback: 100,
  },
  snapshotVersion: integer(1, 1),
  effects: channelRow(),
  inputs: channelRow(),
};

/** The options of the workflow `name`, checked; what is wrong is added to `problems`. */
export function resolveWorkflowOptions(name: string, given: object, problems: string[]): ResolvedWorkflowOptions {
  return resolveOptions(`workflows.${name}`, given, WORKFLOW_TABLE, problems);
}

function channelRow(): OptionTable<ResolvedWorkflowOptions>['effects'] {
  return {
    expects: 'options of a durable channel',
    read: (given) => (typeof given === 'object' && given !== null && !Array.isArray(given) ? given : undefined),
    fallback: {},
  };
}
