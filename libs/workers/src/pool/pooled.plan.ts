import type { DispatchPlan, DispatchSite } from '../dispatch/dispatcher.js';
import type { Elsewhere } from '../dispatch/elsewhere.js';
import type { Habitat } from '../isolate/body.js';
import { type OptionTable, resolveOptions } from '../option.table.js';
import type { ErrorClass } from '../wire/error.registry.js';
import { PooledDispatcher } from './pooled.dispatcher.js';
import { type PoolOptions, type PoolSize, poolSize, type ResolvedPoolOptions } from './pool.options.js';

/** A choice of threads or processes, as `inThread` and `inProcess` return it. Nothing is started before the application is. */
export interface PooledPlan extends DispatchPlan {
  readonly permits: number;
  readonly isElsewhere: true;
  /** Read inside the isolate, from the decorator of the class there. */
  readonly context: PoolOptions['context'];
  readonly transferResult: ((result: unknown) => readonly ArrayBuffer[]) | undefined;
  readonly errors?: readonly ErrorClass[];
}

type Transfer = { readonly payload?: unknown; readonly result?: unknown } | undefined;
type Buffers = (value: unknown) => readonly ArrayBuffer[];

/** Adds what contradicts itself in the options of one kind to `problems`; `size` is what the sizes come to. */
type KindCheck = (where: string, size: PoolSize, problems: string[]) => void;

/** Makes the plan of one kind of isolate. What the module says for all isolates lies under what is said here. */
export function pooledPlan<R extends ResolvedPoolOptions & { readonly transfer?: Transfer }>(
  kind: string,
  options: PoolOptions,
  table: OptionTable<R>,
  habitatFor: (options: R, site: DispatchSite) => Habitat,
  checkKind: KindCheck = () => {},
): PooledPlan {
  const resolve = (where: string, defaults: object, problems: string[]): R =>
    resolveOptions(where, { ...known(defaults, table), ...options }, table, problems);
  const transfer = (options as { transfer?: Transfer }).transfer;
  return {
    kind,
    isElsewhere: true,
    permits: poolSize(kind, resolve(kind, {}, []), []).permits,
    context: options.context,
    ...(options.errors === undefined ? {} : { errors: options.errors }),
    transferResult: transfer?.result as Buffers | undefined,
    check: (where, defaults, problems) => {
      checkKind(where, poolSize(where, resolve(where, defaults, problems), problems), problems);
    },
    create: (site) => {
      if (site.elsewhere === undefined) throw new Error(`Nobody said where the handler of "${site.name}" is`);
      const resolved = resolve(site.name, site.elsewhere.defaults, []);
      const size = poolSize(site.name, resolved, []);
      return new PooledDispatcher(site as DispatchSite & { readonly elsewhere: Elsewhere }, {
        options: resolved,
        size,
        restart: resolved.restart,
        habitat: habitatFor(resolved, site),
        transfer: transfer?.payload as Buffers | undefined,
      });
    },
  };
}

/** The module's defaults are for threads and processes alike; each takes those it knows. */
function known(defaults: object, table: object): object {
  return Object.fromEntries(Object.entries(defaults).filter(([key]) => key in table));
}
