import { fstatSync, mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { JournalReader, JournalWriter } from './journal.js';

/** Both ends of one journal in one process; `held` is all the bytes that it holds. */
function journal() {
  const reader = JournalReader.open();
  if (reader === undefined) throw new Error('There is no journal on this system');
  onTestFinished(() => reader.close());
  const held = () => Buffer.concat(reader.read().map(({ frames }) => Buffer.from(frames)));
  return { reader, held, writer: new JournalWriter(reader.fd) };
}

describe.runIf(process.platform !== 'win32')('a journal', () => {
  it('has a file without a name, for this user alone', () => {
    const own = mkdtempSync(join(tmpdir(), 'nestjs-workers-test-'));
    onTestFinished(() => rmSync(own, { recursive: true }));
    vi.stubEnv('TMPDIR', own);
    const { reader } = journal();
    vi.unstubAllEnvs();
    const { mode, nlink } = fstatSync(reader.fd);
    expect([mode & 0o777, nlink]).toEqual([0o600, 0]);
    expect(readdirSync(own)).toEqual([]);
  });

  it('holds nothing at first', () => {
    expect(journal().held()).toHaveLength(0);
  });

  it('holds what was noted since the socket had everything, as often as it is read', () => {
    const { held, writer } = journal();
    writer.note(Buffer.from('one '), 0);
    writer.begin();
    writer.note(Buffer.from('two '), 1);
    writer.note(Buffer.from('three'), 2);
    expect(held().toString()).toBe('two three');
    expect(held().toString()).toBe('two three');
  });

  it('tells the number of the first frame of each note', () => {
    const { reader, writer } = journal();
    writer.note(Buffer.from('two frames'), 7);
    writer.note(Buffer.from('and one'), 9);
    expect(reader.read().map(({ first }) => first)).toEqual([7, 9]);
  });

  it('keeps the last batch until the next one is noted', () => {
    const { held, writer } = journal();
    writer.note(Buffer.from('a longer first batch'), 0);
    writer.begin();
    expect(held().toString()).toBe('a longer first batch');
    writer.note(Buffer.from('b'), 1);
    expect(held().toString()).toBe('b');
  });

  it('says so when it is full, and holds what it took', () => {
    const { held, writer } = journal();
    const kilobyte = Buffer.alloc(1_024, 65);
    let noted = 0;
    while (writer.note(kilobyte, 0)) noted++;
    expect(noted).toBeGreaterThan(50);
    expect(held()).toHaveLength(noted * 1_024);
    writer.begin();
    expect(writer.note(kilobyte, 0)).toBe(true);
  });

  it('does not show a record that is only half there', () => {
    const { reader, held, writer } = journal();
    writer.note(Buffer.from('whole'), 0);
    writer.note(Buffer.from('half'), 1);
    writeSync(reader.fd, 'ZZ', 16 + 5 + 16);
    expect(held().toString()).toBe('whole');
  });

  it('holds nothing more when it is closed', () => {
    const { reader, held, writer } = journal();
    writer.note(Buffer.from('one'), 0);
    reader.close();
    expect(held()).toHaveLength(0);
  });

  it('refuses when the file cannot be written to', () => {
    expect(new JournalWriter(-1).note(Buffer.from('x'), 0)).toBe(false);
  });

  it('shows the last batch that holds anything, whatever was noted', () => {
    const batch = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 10 }), (batches) => {
        const { held, writer } = journal();
        for (const notes of batches) {
          writer.begin();
          for (const note of notes) writer.note(note, 0);
        }
        expect(held()).toEqual(Buffer.concat(batches.findLast((notes) => notes.length > 0) ?? []));
      }),
      { numRuns: 100 },
    );
  });
});
