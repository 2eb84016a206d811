import { ConfigurationError } from '@nestjs-workers/core';
import { suggestion } from '@nestjs-workers/core/extension';
import { ProjectionUnknownError } from '../workflows.errors.js';
import type { ProjectionHandler, RebuildProgress } from './projection.js';
import { type ProjectionRecord, projectionOf } from './projection.decorator.js';
import { ProjectionRunner, type RunnerParts } from './projection.runner.js';

/** What `@Projection` takes. */
const OPTIONS = ['workflows', 'batch'];

/** A projection class found among the providers. */
export interface FoundProjection {
  readonly className: string;
  readonly record: ProjectionRecord;
  readonly handler: () => ProjectionHandler;
  /** Whether there is one instance of it for the application. */
  readonly isStatic: boolean;
}

/** The projections of the application. */
export class Projections {
  private readonly runners = new Map<string, ProjectionRunner>();

  /** @internal Made by the house. */
  constructor(
    private readonly found: readonly FoundProjection[],
    private readonly parts: Omit<RunnerParts, 'record' | 'handler'>,
  ) {}

  /** Makes a runner of each; adds what is wrong to `problems`. @internal */
  open(problems: string[]): void {
    for (const one of this.found) {
      const { record, handler } = one;
      problems.push(...this.problemsOf(one));
      this.runners.set(record.name, new ProjectionRunner({ ...this.parts, record, handler }));
    }
    if (problems.length > 0) throw new ConfigurationError(problems);
  }

  /** @internal */
  start(): void {
    for (const runner of this.runners.values()) runner.start();
  }

  /** Resolves when no batch is under way. @internal */
  async stop(): Promise<void> {
    await Promise.all([...this.runners.values()].map((runner) => runner.stop()));
  }

  /** Something was committed. @internal */
  wake(): void {
    for (const runner of this.runners.values()) runner.wake();
  }

  /** The names of all. */
  get names(): readonly string[] {
    return [...this.runners.keys()];
  }

  /**
   * Has a projection built anew, from the first event to what is there now: `reset` is called, then it is shown everything again. Other hosts
   * leave it alone meanwhile. Also for one that was never run.
   *
   * If the application stops now, the rest is shown to it the ordinary way when an application runs again.
   *
   * @param onProgress told after each batch
   * @returns how many events it was shown
   * @throws (rejects) ProjectionUnknownError, WorkersStoppingError, or what the projection throws
   */
  async rebuild(
    projection: string | (new (...args: never[]) => ProjectionHandler<never>),
    onProgress: (progress: RebuildProgress) => void = () => {},
  ): Promise<number> {
    const name = typeof projection === 'string' ? projection : (projectionOf(projection)?.name ?? projection.name);
    const runner = this.runners.get(name);
    if (runner === undefined) throw new ProjectionUnknownError(name, this.names);
    return runner.rebuild(onProgress);
  }

  private problemsOf({ className, record, handler, isStatic }: FoundProjection): string[] {
    const { name, workflows, batch, strays } = record;
    const problems: string[] = [];
    const where = `${className} (projection "${name}")`;
    for (const stray of strays) problems.push(`${where}: ${stray}: unknown option.${suggestion(stray, OPTIONS)}`);
    if (this.runners.has(name)) problems.push(`${where}: another projection has this name. Give one of them another.`);
    if (!isStatic)
      problems.push(`${where}: a projection has one instance, and this one injects what is made per request.`);
    else if (typeof handler().project !== 'function')
      problems.push(`${where}: expected a method project(events, context), found none.`);
    if (!Number.isInteger(batch) || batch < 1) problems.push(`${where}: expected a batch from 1 up, got ${batch}.`);
    if (workflows.length === 0)
      problems.push(`${where}: expected workflows, got none. Name those whose events it is shown.`);
    for (const workflow of workflows)
      if (!this.parts.blueprints.has(workflow))
        problems.push(
          `${where}: no such workflow, "${workflow}".${suggestion(workflow, this.parts.blueprints.keys())}`,
        );
    return problems;
  }
}
