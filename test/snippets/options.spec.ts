import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { rowsUnder, textOf } from './page.js';

/**
 * The guide names every option with its default. An option that is new, gone or renamed, or a default that moved, fails here: the
 * `@default` of the declaration is compared with the second column of the table under the heading of the same name.
 */
it.for([
  ['ChannelOptions', 'channel/channel.options.ts', 'docs/guide/channels.md'],
  ['ShedOptions', 'channel/channel.options.ts', 'docs/guide/channels.md'],
  ['WorkerOptions', 'worker/worker.options.ts', 'docs/guide/workers.md'],
  ['TickerOptions', 'ticker/ticker.options.ts', 'docs/guide/tickers.md'],
  ['CommandOptions', 'gateway/entrance.ts', 'docs/guide/controllers.md'],
  ['RequestOptions', 'gateway/entrance.ts', 'docs/guide/controllers.md'],
  ['WorkersModuleOptions', 'workers.options.ts', 'docs/guide/configuring.md'],
  ['WorkersModuleExtras', 'workers.options.ts', 'docs/guide/configuring.md'],
  ['PoolOptions', 'pool/pool.options.ts', 'docs/guide/dispatch.md'],
  ['ThreadOptions', 'thread/in.thread.ts', 'docs/guide/dispatch.md'],
  ['ProcessOptions', 'process/in.process.ts', 'docs/guide/dispatch.md'],
  ['AttachOptions', 'process/attach.isolate.ts', 'docs/guide/isolates.md'],
  ['RestartOptions', 'pool/restarts.ts', 'docs/guide/crashes.md'],
  ['RecycleOptions', 'pool/pool.options.ts', 'docs/guide/crashes.md'],
  ['EnvironmentOptions', 'pool/pool.options.ts', 'docs/guide/isolation-security.md'],
  ['ShutdownOptions', 'workers.options.ts', 'docs/guide/stopping.md'],
] as const)('%s: the guide has every option and its default', ([name, source, page]) => {
  const declared = membersOf(name, `libs/workers/src/${source}`);
  const listed = rowsUnder(page, name).map(([option = '', fallback]) => ({ option, fallback }));
  expect(listed.map(({ option }) => option).toSorted()).toEqual(declared.map(({ option }) => option).toSorted());
  for (const { option, fallback } of declared) {
    if (fallback !== undefined) expect(listed).toContainEqual({ option, fallback });
  }
});

/** The own members of an interface, each with its `@default`. */
function membersOf(name: string, path: string): { option: string; fallback: string | undefined }[] {
  const file = ts.createSourceFile(
    fileURLToPath(new URL(`../../${path}`, import.meta.url)),
    textOf(path),
    ts.ScriptTarget.ES2022,
    true,
  );
  const found = file.statements.find(
    (one): one is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(one) && one.name.text === name,
  );
  if (found === undefined) throw new Error(`${path} declares no ${name}.`);
  return found.members.map((member) => {
    const tag = ts.getJSDocTags(member).find((one) => one.tagName.text === 'default');
    const fallback = ts.getTextOfJSDocComment(tag?.comment)?.replaceAll('`', '').replaceAll(/\s+/g, ' ').trim();
    return { option: member.name?.getText(file) ?? '', fallback };
  });
}
