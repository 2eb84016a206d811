import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DispatchSite } from '../dispatch/dispatcher.js';
import type { Body, Habitat } from '../isolate/body.js';
import { entryFile } from '../isolate/entry.js';
import { environment } from '../isolate/environment.js';
import type { Clock } from '../lifecycle/clock.js';
import { integer, isFunction, oneOf, optional, type OptionRow, type OptionTable } from '../option.table.js';
import { POOL_TABLE, type PoolOptions, type ResolvedPoolOptions } from '../pool/pool.options.js';
import { type PooledPlan, pooledPlan } from '../pool/pooled.plan.js';
import { DEFAULT_MAX_MESSAGE_BYTES } from '../socket/frame.js';
import type { Middleware } from '../socket/middleware.js';
import { jsonSerializer, type Serializer } from '../wire/serializer.js';
import { type Attach, checkAttach, isAttach } from './attach.options.js';
import { AttachedBody } from './attached.body.js';
import type { Dialect } from './dialect.js';
import { JournalReader } from './journal.js';
import { inheritedMeeting, type MeetingPlace, namedMeeting, PLACE_VARIABLE } from './meeting.js';
import { ProcessBody } from './process.body.js';

/** What `inProcess` takes. */
export interface ProcessOptions extends PoolOptions {
  /** How messages are written; the same object on both sides, so a module's default must be one of ours. @default JSON */
  readonly serializer?: Serializer;
  /** Sees every message on each side, in order, and may change it. @default none */
  readonly middleware?: Middleware | readonly Middleware[];
  /** The largest message, in bytes; a larger one is refused and the process lives on. @default 64 MiB */
  readonly maxMessageBytes?: number;
  /** How much heap a process may use, in MB; one that wants more dies as out of memory. @default Node's own limit */
  readonly maxHeapMb?: number;
  /** How a process that the host starts meets it: at an inherited socket pair, or at a named socket or pipe. @default 'inherited' */
  readonly meet?: 'inherited' | 'named';
  /**
   * The file in which the process begins, for bundles: one that calls `isolate(ResizeWorker)`, of `@nestjs-workers/core/isolate`.
   *
   * @default a file of this library, which loads the one that exports the class
   */
  readonly entry?: string | URL;
  /** For a process that is started elsewhere and attaches: where the host listens, and the token it expects. @default none */
  readonly attach?: Attach;
  /** Names each message on its way; no name may come twice in one process. @default a number that counts up */
  readonly transactionId?: () => string | number;
}

interface ResolvedProcessOptions extends ResolvedPoolOptions {
  readonly serializer: Serializer;
  readonly middleware: readonly Middleware[];
  readonly maxMessageBytes: number;
  readonly maxHeapMb: number | undefined;
  readonly meet: 'inherited' | 'named';
  readonly entry: string | URL | undefined;
  readonly attach: Attach | undefined;
  readonly transactionId: (() => string | number) | undefined;
}

const PROCESS_TABLE: OptionTable<ResolvedProcessOptions> = {
  ...POOL_TABLE,
  serializer: {
    expects: 'a pair { name, serialize, deserialize }',
    read: (given) => (isSerializer(given) ? given : undefined),
    fallback: jsonSerializer(),
  } satisfies OptionRow<Serializer>,
  middleware: {
    expects: 'a function, or a list of functions',
    read: (given) => {
      const list: unknown[] = Array.isArray(given) ? given : [given];
      return list.every(isFunction) ? (list as Middleware[]) : undefined;
    },
    fallback: [],
  } satisfies OptionRow<readonly Middleware[]>,
  maxMessageBytes: integer(1_024, DEFAULT_MAX_MESSAGE_BYTES),
  maxHeapMb: { ...integer(16, 16), fallback: undefined },
  meet: oneOf(['inherited', 'named'], 'inherited'),
  entry: optional('the path or the file: URL of a file that calls isolate(...)', isFile),
  attach: optional('{ path, token }', isAttach),
  transactionId: optional('a function that gives a new text or number each time', isFunction),
};

/**
 * Runs a handler in child processes: for work that may crash, leak, or must not share memory with the application. Each process has a warm
 * Nest context with the handler's own providers in it, and as little of the host's environment as it needs.
 *
 * If the application stops now: what is in the processes is finished within the shutdown's deadline, the contexts are closed with their
 * hooks, then SIGTERM, then SIGKILL. If the application dies, however it dies, they end within two seconds.
 *
 * @example
 * @Worker({ in: Scans, dispatch: inProcess({ context: () => import('./scans.module.js').then((m) => m.ScansModule) }) })
 */
export function inProcess(options: ProcessOptions = {}): PooledPlan & Partial<Dialect> {
  let lastTx = 0;
  const habitat = (resolved: ResolvedProcessOptions, { elsewhere }: DispatchSite): Habitat => {
    const clock = elsewhere?.clock as Clock;
    return {
      kind: 'process',
      form: resolved.serializer.form ?? 'json',
      isNamedByHand: resolved.entry !== undefined,
      nextTx: resolved.transactionId ?? (() => ++lastTx),
      spawn: () =>
        resolved.attach === undefined ? child(resolved, clock) : attached(resolved, resolved.attach, clock),
    };
  };
  const plan = pooledPlan('process', options, PROCESS_TABLE, habitat, (where, { max }, problems) =>
    checkAttach(where, options, max, problems),
  );
  const { serializer, middleware } = options;
  return Object.assign(plan, {
    ...(serializer === undefined ? {} : { serializer }),
    ...(middleware === undefined ? {} : { middleware: typeof middleware === 'function' ? [middleware] : middleware }),
  });
}

async function child(options: ResolvedProcessOptions, clock: Clock): Promise<Body> {
  const { maxMessageBytes, maxHeapMb, execArgv, env, startupTimeout: timeoutMs } = options;
  const named = options.meet === 'named' ? await namedMeeting({ timeoutMs, maxMessageBytes, clock }) : undefined;
  const journal = JournalReader.open();
  const place: MeetingPlace = {
    hostPid: process.pid,
    maxMessageBytes,
    hasJournal: journal !== undefined,
    ...(named === undefined ? {} : { named: { path: named.path, token: named.token, timeoutMs } }),
  };
  const heap = maxHeapMb === undefined ? [] : [`--max-old-space-size=${maxHeapMb}`];
  const entry = pathOf(options.entry ?? entryFile('process.entry', import.meta.url));
  try {
    const started = spawn(process.execPath, [...heap, ...execArgv, entry], {
      stdio: ['ignore', 'inherit', 'pipe', named === undefined ? 'pipe' : 'ignore', journal?.fd ?? 'ignore'],
      env: { ...environment(env), [PLACE_VARIABLE]: JSON.stringify(place) },
      windowsHide: true,
    });
    return new ProcessBody(started, named ?? inheritedMeeting(started, maxMessageBytes), options, journal);
  } catch (error) {
    // An environment that is too large is refused here and now; no child will give back what was opened for it.
    journal?.close();
    await named?.close();
    throw error;
  }
}

async function attached(options: ResolvedProcessOptions, attach: Attach, clock: Clock): Promise<Body> {
  const { maxMessageBytes, startupTimeout: timeoutMs } = options;
  return new AttachedBody(await namedMeeting({ timeoutMs, maxMessageBytes, clock, ...attach }), options);
}

function pathOf(file: string | URL): string {
  return file instanceof URL || file.startsWith('file:') ? fileURLToPath(file) : file;
}

function isFile(given: unknown): boolean {
  return (given instanceof URL && given.protocol === 'file:') || (typeof given === 'string' && given !== '');
}

function isSerializer(given: unknown): given is Serializer {
  const { name, serialize, deserialize } = (given ?? {}) as Partial<Serializer>;
  return typeof name === 'string' && isFunction(serialize) && isFunction(deserialize);
}
