import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { ACTIONS, DROP_REASONS, EVENT_NAMES } from '@nestjs-workers/core';
import { DEAD_LETTER_REASONS } from '@nestjs-workers/outbox';
import { FAULT_KINDS } from '../../libs/workers/src/message/fault.js';
import { rowsUnder, words } from './page.js';

const sources = fileURLToPath(new URL('../../libs/workers/src', import.meta.url));
const dashboard = fileURLToPath(new URL('../../libs/dashboard/src', import.meta.url));
const outbox = fileURLToPath(new URL('../../libs/outbox/src', import.meta.url));
const workflows = fileURLToPath(new URL('../../libs/workflows/src', import.meta.url));

it('names every event with its fields, and no other', () => {
  const listed = Object.fromEntries(
    rowsUnder('docs/vocabulary.md', 'The events').map(([name, fields]) => [name, words(fields)]),
  );
  expect(Object.keys(listed)).toEqual([...EVENT_NAMES]);
  const declared = fieldsByEvent();
  for (const name of EVENT_NAMES) expect([name, listed[name]?.toSorted()]).toEqual([name, declared[name]]);
});

it('names every action, and no other', () => {
  expect(rowsUnder('docs/vocabulary.md', 'The actions').map(([action]) => action)).toEqual([...ACTIONS]);
});

it('names every drop reason, and no other', () => {
  expect(rowsUnder('docs/vocabulary.md', 'The drop reasons').map(([reason]) => reason)).toEqual([...DROP_REASONS]);
});

it('says in the guide on retries what every reason of a dead letter means', () => {
  const guide = readFileSync(fileURLToPath(new URL('../../docs/guide/retries.md', import.meta.url)), 'utf8');
  const section = guide.split('## The reasons')[1]?.split('\n## ')[0] ?? '';
  const named = [...section.matchAll(/`(\w+)` \(/g)].map(([, reason]) => reason);
  expect(named).toEqual([...DEAD_LETTER_REASONS]);
});

it('names every fault kind with whether it may be tried again, and no other', () => {
  const listed = rowsUnder('docs/vocabulary.md', 'The fault kinds').map(([kind, retryable]) => [
    kind,
    retryable === 'yes',
  ]);
  expect(Object.fromEntries(listed)).toEqual(FAULT_KINDS);
});

it('names every error code with its class, and no other', () => {
  const rows = ['The error codes', 'In tests'].flatMap((heading) => rowsUnder('docs/vocabulary.md', heading));
  const listed = rows.map(([code, name]) => `${code} ${name}`);
  expect(listed.toSorted()).toEqual(errorCodes().toSorted());
});

/** The field names of each event, as the compiler sees them. */
function fieldsByEvent(): Record<string, string[]> {
  const path = `${sources}/observe/events.ts`;
  const program = ts.createProgram([path], {
    strict: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
  });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(path) as ts.SourceFile;
  const map = file.statements.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === 'WorkersEventMap');
  const events = checker.getTypeAtLocation(map as ts.Node).getProperties();
  return Object.fromEntries(
    events.map((event) => [
      event.name,
      checker
        .getTypeOfSymbol(event)
        .getProperties()
        .map((field) => field.name)
        .toSorted(),
    ]),
  );
}

function errorCodes(): string[] {
  const files = [sources, outbox, workflows, dashboard].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => /(?<!\.spec|\.contract)\.ts$/.test(path))
      .map((path) => `${folder}/${path}`),
  );
  const text = files.map((path) => readFileSync(path, 'utf8')).join('\n');
  const found = text.matchAll(/class (\w+) extends WorkersError \{\n\s*readonly code = '(\w+)'/g);
  return [...found].map(([, name, code]) => `${code} ${name}`);
}
