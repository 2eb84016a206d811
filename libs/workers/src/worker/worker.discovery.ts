import type { Type } from '@nestjs/common';
import { ModuleRef, type ModulesContainer } from '@nestjs/core';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { ChannelDeclaration } from '../channel/channel.declaration.js';
import { IsolatedHandler } from './isolated.handler.js';

/** A decorated class found among the providers of a module. */
export interface FoundClass {
  readonly target: Type;
  /** What its decorator left behind. */
  readonly record: object;
  /** The module that provides it, by name. */
  readonly moduleName: string;
  /** Resolves it, in the module that provides it. */
  readonly moduleRef: ModuleRef;
  /** The injection token it is provided under. */
  readonly token: unknown;
  /** One instance for the application, or a fresh one for each message. */
  readonly scope: 'static' | 'per-message';
  readonly instance: () => object;
  /** Whether this process has an instance of it; not so when it is provided for another thread or process. */
  readonly isHere: boolean;
  /** Whether it, or something it injects, could send a message while it runs. */
  readonly canInject: (tokens: ReadonlySet<unknown>) => boolean;
}

/** The channels that a module declared with `forFeature` or `forRoot`, as they lie in the container. */
export class DeclaredChannels {
  constructor(readonly declarations: readonly ChannelDeclaration[]) {}
}

/** Walks the Nest container; the only file that does. */
export class WorkerDiscovery {
  constructor(private readonly modules: ModulesContainer) {}

  /** Whether Nest has made what factories give, as far as that is not made anew for each who asks: before, their classes are not known. */
  get isComplete(): boolean {
    return this.providers().every(
      ({ wrapper }) =>
        !isFactory(wrapper) ||
        wrapper.isTransient ||
        !wrapper.isDependencyTreeStatic() ||
        wrapper.getInstanceByContextId(STATIC_CONTEXT).isResolved === true,
    );
  }

  /** Every class that carries its own metadata under `key`, in the order of modules and providers. */
  classes(key: string): FoundClass[] {
    return this.providers().flatMap(({ wrapper, moduleName, moduleRef }) => {
      const target = classOf(wrapper);
      const record: unknown = target === undefined ? undefined : Reflect.getOwnMetadata(key, target);
      if (target === undefined || typeof record !== 'object' || record === null) return [];
      return [
        {
          target,
          record,
          moduleName,
          moduleRef,
          token: wrapper.token,
          scope: wrapper.isDependencyTreeStatic() ? ('static' as const) : ('per-message' as const),
          instance: () => wrapper.instance as object,
          isHere: !(wrapper.instance instanceof IsolatedHandler),
          canInject: (tokens: ReadonlySet<unknown>) => canReach(wrapper, tokens, new Set()),
        },
      ];
    });
  }

  declaredChannels(): ChannelDeclaration[] {
    return this.providers().flatMap(({ wrapper }) =>
      wrapper.isNotMetatype && wrapper.instance instanceof DeclaredChannels ? wrapper.instance.declarations : [],
    );
  }

  /** The instance of the provider class called `className`, by name so that an optional package need not be loaded to look for it. */
  instanceNamed<T>(className: string): T | undefined {
    return this.providers().find(
      ({ wrapper }) => typeof wrapper.metatype === 'function' && wrapper.metatype.name === className,
    )?.wrapper.instance as T | undefined;
  }

  /** How many modules of `metatype` provide `token`. */
  countModules(metatype: Type, token: string | symbol): number {
    return [...this.modules.values()].filter((module) => module.metatype === metatype && module.providers.has(token))
      .length;
  }

  private providers(): { wrapper: InstanceWrapper; moduleName: string; moduleRef: ModuleRef }[] {
    return [...this.modules.values()].flatMap((module) =>
      [...module.providers.values()].map((wrapper) => ({
        wrapper,
        moduleName: module.name,
        moduleRef: module.providers.get(ModuleRef)?.instance as ModuleRef,
      })),
    );
  }
}

function isFactory(wrapper: InstanceWrapper): boolean {
  return (
    wrapper.isNotMetatype && !wrapper.isAlias && typeof wrapper.metatype === 'function' && Array.isArray(wrapper.inject)
  );
}

/** The class behind a provider: its own, or that of the object a factory or value gave. */
function classOf(wrapper: InstanceWrapper): Type | undefined {
  if (wrapper.isAlias) return undefined;
  if (wrapper.isNotMetatype && wrapper.instance instanceof IsolatedHandler) return wrapper.instance.target as Type;
  const isClass = typeof wrapper.metatype === 'function' && !wrapper.inject && !wrapper.isNotMetatype;
  const found: unknown = isClass ? wrapper.metatype : (wrapper.instance as object | undefined)?.constructor;
  return typeof found === 'function' ? (found as Type) : undefined;
}

function canReach(wrapper: InstanceWrapper, tokens: ReadonlySet<unknown>, seen: Set<InstanceWrapper>): boolean {
  if (seen.has(wrapper)) return false;
  seen.add(wrapper);
  if (tokens.has(wrapper.token)) return true;
  const injected = [
    ...(wrapper.getCtorMetadata() ?? []),
    ...(wrapper.getPropertiesMetadata() ?? []).map((property) => property.wrapper),
  ];
  return injected.some((dependency) => canReach(dependency, tokens, seen));
}
