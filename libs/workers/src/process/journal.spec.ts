import { fstatSync, readdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JournalReader, JournalWriter } from './journal.js';

/** Both ends of one journal in one process. */
function journal() {
  const reader = JournalReader.open();
  if (reader === undefined) throw new Error('There is no journal on this system');
  onTestFinished(() => reader.close());
  return { reader, writer: new JournalWriter(reader.fd) };
}

describe.runIf(process.platform !== 'win32')('a journal', () => {
  it('has a file without a name, for this user alone', () => {
    const before = readdirSync(tmpdir()).length;
    const { reader } = journal();
    const { mode, nlink } = fstatSync(reader.fd);
    expect([mode & 0o777, nlink]).toEqual([0o600, 0]);
    expect(readdirSync(tmpdir()).length).toBeLessThanOrEqual(before);
  });

  it('holds nothing at first', () => {
    expect(journal().reader.read()).toHaveLength(0);
  });

  it('holds what was noted since the socket had everything, as often as it is read', () => {
    const { reader, writer } = journal();
    writer.note(Buffer.from('one '));
    writer.begin();
    writer.note(Buffer.from('two '));
    writer.note(Buffer.from('three'));
    expect(reader.read().toString()).toBe('two three');
    expect(reader.read().toString()).toBe('two three');
  });

  it('keeps the last batch until the next one is noted', () => {
    const { reader, writer } = journal();
    writer.note(Buffer.from('a longer first batch'));
    writer.begin();
    expect(reader.read().toString()).toBe('a longer first batch');
    writer.note(Buffer.from('b'));
    expect(reader.read().toString()).toBe('b');
  });

  it('says so when it is full, and holds what it took', () => {
    const { reader, writer } = journal();
    const kilobyte = Buffer.alloc(1_024, 65);
    let noted = 0;
    while (writer.note(kilobyte)) noted++;
    expect(noted).toBeGreaterThan(50);
    expect(reader.read()).toHaveLength(noted * 1_024);
    writer.begin();
    expect(writer.note(kilobyte)).toBe(true);
  });

  it('does not show a record that is only half there', () => {
    const { reader, writer } = journal();
    writer.note(Buffer.from('whole'));
    writer.note(Buffer.from('half'));
    writeSync(reader.fd, 'ZZ', 12 + 5 + 12);
    expect(reader.read().toString()).toBe('whole');
  });

  it('holds nothing more when it is closed', () => {
    const { reader, writer } = journal();
    writer.note(Buffer.from('one'));
    reader.close();
    expect(reader.read()).toHaveLength(0);
  });

  it('refuses when the file cannot be written to', () => {
    expect(new JournalWriter(-1).note(Buffer.from('x'))).toBe(false);
  });

  it('shows the last batch that holds anything, whatever was noted', () => {
    const batch = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 10 }), (batches) => {
        const { reader, writer } = journal();
        for (const notes of batches) {
          writer.begin();
          for (const note of notes) writer.note(note);
        }
        expect(reader.read()).toEqual(Buffer.concat(batches.findLast((notes) => notes.length > 0) ?? []));
      }),
      { numRuns: 100 },
    );
  });
});
