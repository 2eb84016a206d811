import type { StandardSchemaV1 } from '@standard-schema/spec';
import { WorkersError } from '../workers.error.js';
import { ConfigurationError } from '../option.table.js';
import { isStandardSchema, type PayloadType } from './channel.options.js';

/** One thing that is wrong with a payload. */
export interface PayloadIssue {
  /** Where, as `address.street` or `items.0.price`; empty for the payload itself. */
  readonly path: string;
  readonly message: string;
}

/** Gives the payload as the handler shall see it, or throws `PayloadInvalidError`. A promise only where the validator needs one. */
export type PayloadCheck = (payload: unknown) => unknown;

/** The payload is not what the channel declares; `issues` lists everything that is wrong. It did not enter the channel. */
export class PayloadInvalidError extends WorkersError {
  readonly code = 'PAYLOAD_INVALID';

  constructor(
    readonly channel: string,
    readonly issues: readonly PayloadIssue[],
    readonly payload: unknown,
  ) {
    const list = issues.map(({ path, message }) => `  - ${path === '' ? '' : `${path}: `}${message}`).join('\n');
    super(`A payload for channel "${channel}" is not what the channel declares:\n${list}`);
  }
}

/**
 * The check for a declared payload type. A class is built with class-transformer and checked with class-validator; a Standard Schema
 * checks by itself, and what it returns is what the handler sees.
 *
 * @throws (rejects) ConfigurationError when a class is declared that carries no decorators, or class-validator or class-transformer cannot be loaded
 */
export async function payloadCheck(channel: string, type: PayloadType<unknown>): Promise<PayloadCheck> {
  if (isStandardSchema(type)) return (payload) => checkBySchema(channel, type, payload);
  const { getMetadataStorage, validate, plainToInstance } = await classPackages(channel, type.name);
  if (getMetadataStorage().getTargetValidationMetadatas(type, '', true, false).length === 0) {
    const problem = `channels.${channel}.payload: ${type.name} has no decorators of class-validator, so nothing would pass. Decorate its properties, or give a Standard Schema.`;
    throw new ConfigurationError([problem]);
  }
  return async (payload) => {
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
      const found = Array.isArray(payload) ? 'an array' : String(payload);
      throw new PayloadInvalidError(channel, [{ path: '', message: `expected a ${type.name}, got ${found}` }], payload);
    }
    const instance: object = payload instanceof type ? payload : plainToInstance(type as new () => object, payload);
    const errors = await validate(instance, { forbidUnknownValues: true });
    if (errors.length > 0)
      throw new PayloadInvalidError(
        channel,
        errors.flatMap((error) => issuesOf(error, '')),
        payload,
      );
    return instance;
  };
}

/** What is wrong with a payload type, in words. */
export async function payloadProblems(channel: string, type: PayloadType<unknown>): Promise<readonly string[]> {
  try {
    await payloadCheck(channel, type);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

async function classPackages(channel: string, className: string) {
  try {
    const [{ getMetadataStorage, validate }, { plainToInstance }] = await Promise.all([
      import('class-validator'),
      import('class-transformer'),
    ]);
    return { getMetadataStorage, validate, plainToInstance };
  } catch (cause) {
    const problem = `channels.${channel}.payload: ${className} is a class, and class-validator and class-transformer, which check it, cannot be loaded. Install them (npm install class-validator class-transformer), or give a Standard Schema.`;
    throw new ConfigurationError([problem], { cause });
  }
}

function checkBySchema(channel: string, schema: StandardSchemaV1, payload: unknown): unknown {
  const passed = (result: StandardSchemaV1.Result<unknown>): unknown => {
    if (result.issues === undefined) return result.value;
    const issues = result.issues.map(({ message, path }) => ({ path: (path ?? []).map(segment).join('.'), message }));
    throw new PayloadInvalidError(channel, issues, payload);
  };
  const result = schema['~standard'].validate(payload);
  return result instanceof Promise ? result.then(passed) : passed(result);
}

function segment(part: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof part === 'object' ? part.key : part);
}

/** The shape of a class-validator error, as far as it is read here. */
interface ValidationTree {
  /** Undefined where the payload itself is no object that it knows. */
  readonly property?: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly ValidationTree[];
}

function issuesOf({ property = '', constraints = {}, children = [] }: ValidationTree, parent: string): PayloadIssue[] {
  const path = parent === '' ? property : `${parent}.${property}`;
  const own = Object.values(constraints).map((message) => ({ path, message }));
  return [...own, ...children.flatMap((child) => issuesOf(child, path))];
}
