import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CommandOptions, type Given, UsageError } from '@nestjs-workers/core/cli';
import { ConfigurationError } from '@nestjs-workers/core/plain';
import { withOpen } from '@nestjs-workers/outbox/cli';
import { Blueprint } from '../decider/blueprint.js';
import { recordOf } from '../decider/workflow.decorator.js';
import type { WorkflowStore } from '../store/store.js';
import { workflowStoreOn } from '../workflows.stores.js';

/** How a command is told where a workflow's code is. */
export const CODE_OPTION: CommandOptions = {
  code: {
    value: 'file',
    about: 'The compiled module that exports the workflow class; without it only what is stored is shown.',
  },
};

/** Does `work` with the workflow store beside the store that was named. @throws UsageError, StoreOutdatedError, StoreTooNewError */
export function withWorkflows<T>(given: Given, work: (store: WorkflowStore) => Promise<T>): Promise<T> {
  return withOpen(given, async (outbox) => {
    const store = await workflowStoreOn(outbox);
    await store.open({ migrate: false });
    return work(store);
  });
}

/** The words of a command, each of which has to be there. @throws UsageError */
export function wordsOf({ words }: Given, ...names: readonly string[]): readonly string[] {
  if (words.length === names.length) return words;
  throw new UsageError(
    `expected ${names.map((name) => `<${name}>`).join(' ')}, got ${words.length === 0 ? 'nothing' : `"${words.join(' ')}"`}.`,
  );
}

/** The workflow's code, where --code names it. @throws UsageError when it is not there */
export async function codeOf(given: Given, workflow: string): Promise<Blueprint | undefined> {
  const file = given.text('code');
  if (file === undefined) return undefined;
  const exported = Object.values((await import(pathToFileURL(resolve(file)).href)) as object);
  const found: unknown = exported.find((one) => recordOf(one)?.name === workflow);
  if (found === undefined)
    throw new UsageError(`--code: expected a module that exports the workflow "${workflow}", and ${file} does not.`);
  const problems: string[] = [];
  const blueprint = Blueprint.of(found, problems);
  if (blueprint === undefined) throw new ConfigurationError(problems);
  return blueprint;
}
