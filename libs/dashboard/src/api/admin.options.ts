import type { CanActivate, Type } from '@nestjs/common';
import { ConfigurationError, type Redact } from '@nestjs-workers/core';
import { flag, integer, isFunction, optional, type OptionTable, resolveOptions } from '@nestjs-workers/core/extension';

/** Where it is mounted, and for whom. It has to be known when the module is declared. */
export interface AdminMount {
  /** Where it is mounted. @default 'workers' */
  readonly path?: string;
  /** Who may come in: the application's own guards. An empty list lets everybody in, and has to be written. */
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
}

/** What those may see and do whom the guards let in. */
export interface AdminRules {
  /** Whether it may be acted, and not only looked. @default false */
  readonly write?: boolean;
  /** What may be seen of payloads and headers. @default nothing */
  readonly redact?: Redact;
  /** Who does it, from the request that a guard has let in; stands in the events. @default nobody is named */
  readonly actor?: (request: never) => string | undefined;
  /** How many may watch the stream at a time; the next one is told 503. @default 32 */
  readonly maxStreams?: number;
}

/** What `createWorkersAdminController` takes. */
export type WorkersAdminControllerOptions = AdminMount & AdminRules;

export interface ResolvedRules {
  readonly write: boolean;
  readonly redact: Redact | undefined;
  readonly actor: ((request: unknown) => string | undefined) | undefined;
  readonly maxStreams: number;
}

const RULES_TABLE: OptionTable<ResolvedRules> = {
  write: flag(false),
  redact: optional('a function of a payload', isFunction),
  actor: optional('a function of a request', isFunction),
  maxStreams: integer(1, 32),
};

/** @param where the options stand, for the message. @throws ConfigurationError */
export function resolveRules(where: string, given: object): ResolvedRules {
  const problems: string[] = [];
  const rules = resolveOptions(where, given, RULES_TABLE, problems);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return rules;
}

/** The same for where it is mounted: without a slash at either end. @throws ConfigurationError */
export function resolveMount(where: string, { path = 'workers', guards }: AdminMount): Required<AdminMount> {
  const problems: string[] = [];
  if (typeof path !== 'string') problems.push(`${where}.path: expected a text such as 'operations/workers'.`);
  if (!Array.isArray(guards))
    problems.push(`${where}.guards: expected a list of guards. Write guards: [] to let everybody in.`);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { path: path.replaceAll(/^\/+|\/+$/g, ''), guards };
}
