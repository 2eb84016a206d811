import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Snippet } from './snippet.js';

/**
 * Writes the snippets to `folder` and compiles them as one program, against the built packages and with the strictness of
 * the house. Answers what the compiler said, each entry beginning with `page:line`.
 */
export function compile(snippets: readonly Snippet[], folder: string): string[] {
  rmSync(folder, { recursive: true, force: true });
  const pages = new Map(snippets.map((snippet) => [sourceOf(snippet, folder), snippet.page]));
  for (const snippet of snippets) {
    const path = sourceOf(snippet, folder);
    mkdirSync(dirname(path), { recursive: true });
    // `wx` refuses a second block of the same name instead of losing the first.
    writeFileSync(path, snippet.code, { flag: 'wx' });
  }
  const program = ts.createProgram([...pages.keys()], { ...houseOptions(), rootDir: folder });
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(({ file, start, code, messageText }) => {
    const text = `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    const at = file?.getLineAndCharacterOfPosition(start ?? 0);
    return file && at
      ? `${pages.get(normalize(file.fileName)) ?? file.fileName}:${at.line + 1}:${at.character + 1} ${text}`
      : text;
  });
}

/** The compiled file, ready to be run by Node. */
export function compiled(snippet: Snippet, folder: string): string {
  return sourceOf(snippet, folder).replace(/\.ts$/, '.js');
}

function sourceOf({ page, file }: Snippet, folder: string): string {
  return join(folder, page.replace(/\.md$/, ''), file);
}

function houseOptions(): ts.CompilerOptions {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  return {
    ...ts.convertCompilerOptionsFromJson(config.compilerOptions, root).options,
    noEmit: false,
    inlineSourceMap: true,
    // What a reader gets is the package as it is published, not our sources.
    paths: {},
    // A page may show a declaration that it does not use.
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
}
