import { WorkersError } from '@nestjs-workers/core';
import type { InstanceSummary, ListQuery, Workflows } from '@nestjs-workers/workflows';

/** Workflows were asked for in an application that has none. */
export class WorkflowsAbsentError extends WorkersError {
  readonly code = 'WORKFLOWS_ABSENT';

  constructor() {
    super(
      'Workflows were asked for, and this application has none. Import WorkflowsModule.forRoot({ workflows }) from @nestjs-workers/workflows.',
    );
  }
}

/** The instances of the application's workflows, where there are any: found when they are first asked for. */
export class Instances {
  private found: Promise<Workflows | undefined> | undefined;

  /** @param provided looks a provider up by its class, over all modules */
  constructor(private readonly provided: (type: abstract new (...args: never[]) => unknown) => unknown) {}

  async names(): Promise<readonly string[]> {
    return (await this.look())?.names ?? [];
  }

  async list(query: ListQuery): Promise<readonly InstanceSummary[]> {
    return (await this.workflows()).list(query);
  }

  async diagram(workflow: string, options: { readonly instances?: number; readonly id?: string }): Promise<string> {
    return (await this.workflows()).diagram(workflow, options);
  }

  /** @throws WorkflowsAbsentError */
  private async workflows(): Promise<Workflows> {
    const found = await this.look();
    if (found === undefined) throw new WorkflowsAbsentError();
    return found;
  }

  private look(): Promise<Workflows | undefined> {
    this.found ??= import('@nestjs-workers/workflows').then(
      (workflows) => this.provided(workflows.Workflows) as Workflows | undefined,
      // Not installed: then there are none.
      () => undefined,
    );
    return this.found;
  }
}
