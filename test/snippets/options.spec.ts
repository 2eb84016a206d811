import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { rowsUnder, textOf } from './page.js';

/**
 * The guide names every option with its default. An option that is new, gone or renamed, or a default that moved, fails here: the
 * `@default` of the declaration is compared with the second column of the table under the heading of the same name.
 */
it.for([
  ['ChannelOptions', 'workers/src/channel/channel.options.ts', 'docs/guide/channels.md'],
  ['ShedOptions', 'workers/src/channel/channel.options.ts', 'docs/guide/channels.md'],
  ['WorkerOptions', 'workers/src/worker/worker.options.ts', 'docs/guide/workers.md'],
  ['TickerOptions', 'workers/src/ticker/ticker.options.ts', 'docs/guide/tickers.md'],
  ['CommandOptions', 'workers/src/gateway/entrance.ts', 'docs/guide/controllers.md'],
  ['RequestOptions', 'workers/src/gateway/entrance.ts', 'docs/guide/controllers.md'],
  ['WorkersModuleOptions', 'workers/src/workers.options.ts', 'docs/guide/configuring.md'],
  ['RunOptions', 'workers/src/workers.options.ts', 'docs/guide/roles.md'],
  ['WorkersModuleExtras', 'workers/src/workers.options.ts', 'docs/guide/configuring.md'],
  ['PoolOptions', 'workers/src/pool/pool.options.ts', 'docs/guide/dispatch.md'],
  ['ThreadOptions', 'workers/src/thread/in.thread.ts', 'docs/guide/dispatch.md'],
  ['ProcessOptions', 'workers/src/process/in.process.ts', 'docs/guide/dispatch.md'],
  ['AttachOptions', 'workers/src/process/attach.isolate.ts', 'docs/guide/isolates.md'],
  ['RestartOptions', 'workers/src/pool/restarts.ts', 'docs/guide/crashes.md'],
  ['RecycleOptions', 'workers/src/pool/pool.options.ts', 'docs/guide/crashes.md'],
  ['EnvironmentOptions', 'workers/src/pool/pool.options.ts', 'docs/guide/isolation-security.md'],
  ['ShutdownOptions', 'workers/src/workers.options.ts', 'docs/guide/stopping.md'],
  ['Sending', 'workers/src/channel/sending.ts', 'docs/guide/durable.md'],
  ['DurableOptions', 'outbox/src/channel/durable.options.ts', 'docs/guide/durable.md'],
  ['OutboxModuleOptions', 'outbox/src/outbox.options.ts', 'docs/guide/durable.md'],
  ['RelayOptions', 'outbox/src/relay/relay.options.ts', 'docs/guide/durable.md'],
  ['PruneOptions', 'outbox/src/outbox.options.ts', 'docs/guide/durable.md'],
  ['WorkersAdminControllerOptions', 'dashboard/src/api/admin.options.ts', 'docs/guide/admin.md'],
  ['AdminRules', 'dashboard/src/api/admin.options.ts', 'docs/guide/dashboard.md'],
  ['AdminMount', 'dashboard/src/api/admin.options.ts', 'docs/guide/dashboard.md'],
  ['DashboardModuleExtras', 'dashboard/src/dashboard.module.ts', 'docs/guide/dashboard.md'],
  ['LivenessOptions', 'workers/src/health/judgement.ts', 'docs/guide/health.md'],
  ['ReadinessOptions', 'workers/src/health/judgement.ts', 'docs/guide/health.md'],
  ['OpenTelemetryOptions', 'workers/src/opentelemetry/opentelemetry.module.ts', 'docs/guide/opentelemetry.md'],
  ['RetryOptions', 'outbox/src/channel/retry.ts', 'docs/guide/retries.md'],
  ['Backoff', 'outbox/src/channel/retry.ts', 'docs/guide/retries.md'],
  ['PostgresStoreOptions', 'outbox/src/postgres/postgres.options.ts', 'docs/guide/operating-durable.md'],
  ['WorkflowOptions', 'workflows/src/decider/workflow.options.ts', 'docs/guide/workflows.md'],
  ['WorkflowsModuleOptions', 'workflows/src/workflows.options.ts', 'docs/guide/workflows.md'],
  ['WorkflowsModuleExtras', 'workflows/src/workflows.options.ts', 'docs/guide/workflows.md'],
  ['ProjectionOptions', 'workflows/src/projection/projection.decorator.ts', 'docs/guide/workflows.md'],
  ['SqliteStoreOptions', 'outbox/src/sqlite/sqlite.options.ts', 'docs/guide/operating-durable.md'],
] as const)('%s: the guide has every option and its default', ([name, source, page]) => {
  const declared = membersOf(name, `libs/${source}`);
  const listed = rowsUnder(page, name).map(([option = '', fallback]) => ({ option, fallback }));
  expect(listed.map(({ option }) => option).toSorted()).toEqual(declared.map(({ option }) => option).toSorted());
  for (const { option, fallback } of declared) {
    if (fallback !== undefined) expect(listed).toContainEqual({ option, fallback });
  }
});

/** The own members of an interface, or of the interfaces that a type puts together, each with its `@default`. */
function membersOf(name: string, path: string): { option: string; fallback: string | undefined }[] {
  const file = ts.createSourceFile(
    fileURLToPath(new URL(`../../${path}`, import.meta.url)),
    textOf(path),
    ts.ScriptTarget.ES2022,
    true,
  );
  const found = file.statements.find(
    (one) => (ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one)) && one.name.text === name,
  );
  if (found === undefined) throw new Error(`${path} declares no ${name}.`);
  if (ts.isTypeAliasDeclaration(found)) return partsOf(found.type).flatMap((part) => membersOf(part, path));
  const members = (found as ts.InterfaceDeclaration).members.filter((member) => !isForbidden(member));
  return members.map((member) => {
    const tag = ts.getJSDocTags(member).find((one) => one.tagName.text === 'default');
    const fallback = ts.getTextOfJSDocComment(tag?.comment)?.replaceAll('`', '').replaceAll(/\s+/g, ' ').trim();
    return { option: member.name?.getText(file) ?? '', fallback };
  });
}

/** The names of the types that `type` puts together. */
function partsOf(type: ts.TypeNode): string[] {
  if (ts.isParenthesizedTypeNode(type)) return partsOf(type.type);
  if (ts.isUnionTypeNode(type) || ts.isIntersectionTypeNode(type)) return type.types.flatMap(partsOf);
  return [type.getText()];
}

/** `file?: undefined` says that this is none of the alternative's options. */
function isForbidden(member: ts.TypeElement): boolean {
  return ts.isPropertySignature(member) && member.type?.kind === ts.SyntaxKind.UndefinedKeyword;
}
