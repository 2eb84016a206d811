import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { threadId } from 'node:worker_threads';

/**
 * How Node loads the TypeScript sources of this repository, as vitest does: decorators with their metadata, `.js` imports that mean
 * `.ts` files, and our packages by their sources. Registered by `typescript.import.mjs`.
 */
export async function resolve(specifier, context, next) {
  const source = PACKAGES[specifier];
  if (source !== undefined) return { url: new URL(source, ROOT).href, shortCircuit: true };
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    const typescript = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(fileURLToPath(typescript))) return { url: typescript.href, shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  // Without a source Node's own `require` takes it, and all that it requires; with one, each of those comes here and waits.
  if (context.format === 'commonjs') return { format: 'commonjs', source: null, shortCircuit: true };
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const file = fileURLToPath(url);
  return { format: 'module', source: await compiled(file, readFileSync(file, 'utf8')), shortCircuit: true };
}

/** Each text is compiled once and kept: the tests start hundreds of processes that load the same sources. */
async function compiled(file, text) {
  const kept = new URL(`${createHash('sha256').update(file).update(text).digest('hex')}.mjs`, KEPT);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const { transformSync } = await import('rolldown/utils');
    const { code } = transformSync(file, text, {
      lang: 'ts',
      decorator: { legacy: true, emitDecoratorMetadata: true },
    });
    keep(kept, code);
    return code;
  }
}

/** Under another name first: a neighbour that reads it at the same time finds all of it or nothing. */
function keep(kept, code) {
  mkdirSync(KEPT, { recursive: true });
  const unfinished = new URL(`${process.pid}-${threadId}.tmp`, KEPT);
  writeFileSync(unfinished, code);
  renameSync(unfinished, kept);
}

const ROOT = new URL('../../', import.meta.url);
const KEPT = new URL('node_modules/.cache/nestjs-workers/typescript/', ROOT);
const PACKAGES = {
  '@nestjs-workers/core': 'libs/workers/src/index.ts',
  '@nestjs-workers/core/plain': 'libs/workers/src/plain.ts',
  '@nestjs-workers/core/cli': 'libs/workers/src/cli/index.ts',
  '@nestjs-workers/core/extension': 'libs/workers/src/extension.ts',
  '@nestjs-workers/core/isolate': 'libs/workers/src/isolate.entry.ts',
  '@nestjs-workers/core/health': 'libs/workers/src/health/index.ts',
  '@nestjs-workers/core/opentelemetry': 'libs/workers/src/opentelemetry/index.ts',
  '@nestjs-workers/core/prometheus': 'libs/workers/src/prometheus/index.ts',
  '@nestjs-workers/core/testing': 'libs/workers/src/testing/index.ts',
  '@nestjs-workers/dashboard': 'libs/dashboard/src/index.ts',
  '@nestjs-workers/outbox': 'libs/outbox/src/index.ts',
  '@nestjs-workers/outbox/postgres': 'libs/outbox/src/postgres/index.ts',
  '@nestjs-workers/outbox/sqlite': 'libs/outbox/src/sqlite/index.ts',
  '@nestjs-workers/outbox/extension': 'libs/outbox/src/extension.ts',
  '@nestjs-workers/outbox/testing': 'libs/outbox/src/testing/index.ts',
  '@nestjs-workers/workflows': 'libs/workflows/src/index.ts',
  '@nestjs-workers/workflows/testing': 'libs/workflows/src/testing/index.ts',
};
