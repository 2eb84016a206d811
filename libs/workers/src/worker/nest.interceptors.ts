import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { InterceptorToken, WorkerInterceptor } from './interceptor.js';
import type { FoundClass } from './worker.discovery.js';

/** Interceptors that are no providers, by the module they were made in; both sides of a worker share one. */
const made = new WeakMap<ModuleRef, Map<unknown, Promise<WorkerInterceptor>>>();

/**
 * The interceptors that `tokens` name: objects as they are, providers from the container, other classes made once, with the dependencies
 * that the worker's own module can reach.
 */
export async function interceptors(
  tokens: readonly InterceptorToken[],
  { moduleRef }: Pick<FoundClass, 'moduleRef'>,
): Promise<WorkerInterceptor[]> {
  return Promise.all(
    tokens.map(async (token) => {
      if (typeof token !== 'function') return token;
      const type = token as Type<WorkerInterceptor>;
      try {
        return moduleRef.get(type, { strict: false });
      } catch {
        const here = made.get(moduleRef) ?? new Map<unknown, Promise<WorkerInterceptor>>();
        made.set(moduleRef, here);
        if (!here.has(type)) here.set(type, moduleRef.create(type));
        return here.get(type) as Promise<WorkerInterceptor>;
      }
    }),
  );
}
