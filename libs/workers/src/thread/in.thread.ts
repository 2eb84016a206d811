import { type ResourceLimits, Worker, type WorkerOptions } from 'node:worker_threads';
import { entryFile } from '../isolate/entry.js';
import { environment } from '../isolate/environment.js';
import { type OptionTable, optional, isFunction } from '../option.table.js';
import { POOL_TABLE, type PoolOptions, type ResolvedPoolOptions } from '../pool/pool.options.js';
import { type PooledPlan, pooledPlan } from '../pool/pooled.plan.js';
import { newLedger, type ThreadData } from './ledger.js';
import { ThreadBody } from './thread.body.js';

/** Makes a worker thread with the options it is given. */
export type SpawnThread = (options: WorkerOptions) => Worker;

/** What `inThread` takes. */
export interface ThreadOptions extends PoolOptions {
  /** How much a thread may use; one that wants more dies as out of memory. @default Node's own limits */
  readonly resourceLimits?: ResourceLimits;
  /** The buffers of a payload, and of a result, that are handed over instead of copied; the sender has them no more. @default none */
  readonly transfer?: {
    readonly payload?: (payload: never) => readonly ArrayBuffer[];
    readonly result?: (result: never) => readonly ArrayBuffer[];
  };
  /**
   * Starts the thread, for bundlers that must see a literal: `(options) => new Worker(new URL('./images.isolate.js', import.meta.url),
   * options)`. That file calls `isolate(ResizeWorker)`, of `@nestjs-workers/core/isolate`.
   *
   * @default a file of this library, which loads the one that exports the class
   */
  readonly spawn?: SpawnThread;
}

interface ResolvedThreadOptions extends ResolvedPoolOptions {
  readonly resourceLimits: ResourceLimits | undefined;
  readonly transfer: ThreadOptions['transfer'];
  readonly spawn: SpawnThread | undefined;
}

const THREAD_TABLE: OptionTable<ResolvedThreadOptions> = {
  ...POOL_TABLE,
  resourceLimits: optional('the resource limits of a worker thread: { maxOldGenerationSizeMb: 256 }', isRecord),
  transfer: optional('{ payload, result }: functions that give a list of ArrayBuffers', isRecord),
  spawn: optional('a function that makes a Worker with the options it gets', isFunction),
};

/**
 * Runs a handler in worker threads: for work that computes. Each thread has a warm Nest context with the handler's own providers in it.
 *
 * If the application stops now: what is in the threads is finished within the shutdown's deadline, the contexts are closed with their
 * hooks, and what is left is terminated.
 *
 * @example
 * @Worker({ in: Uploads, dispatch: inThread({ context: () => import('./images.module.js').then((m) => m.ImagesModule), size: 2 }) })
 */
export function inThread(options: ThreadOptions = {}): PooledPlan {
  let lastTx = 0;
  return pooledPlan('thread', options, THREAD_TABLE, (resolved) => {
    const spawn = resolved.spawn ?? ((given) => new Worker(entryFile('thread.entry', import.meta.url), given));
    return {
      kind: 'thread',
      form: 'clone',
      isNamedByHand: resolved.spawn !== undefined,
      nextTx: () => ++lastTx,
      spawn: (name) => {
        const ledgers: ThreadData = { toHost: newLedger(), toThread: newLedger() };
        const thread = spawn({
          name,
          execArgv: [...resolved.execArgv],
          env: environment(resolved.env),
          workerData: ledgers,
          ...(resolved.resourceLimits === undefined ? {} : { resourceLimits: resolved.resourceLimits }),
        });
        return new ThreadBody(thread, ledgers);
      },
    };
  });
}

function isRecord(given: unknown): boolean {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}
