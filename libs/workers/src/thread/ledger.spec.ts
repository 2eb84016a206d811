import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ToHost } from '../isolate/protocol.js';
import { LedgerReader, LedgerWriter, newLedger, NO_WORD } from './ledger.js';

/** Both ends of one ledger in one thread, and what came out. */
function ledger() {
  const memory = newLedger();
  const heard: unknown[] = [];
  const writer = new LedgerWriter(memory);
  const reader = new LedgerReader(memory, (word) => heard.push(word));
  return { writer, reader, heard };
}

describe('a ledger', () => {
  it('hands on what was written, in order', () => {
    const { writer, reader, heard } = ledger();
    const words: ToHost[] = [
      ['entered', 1],
      ['done', 1, { a: ['é', '\u{1f600}', '\ud800'] }],
      ['entered', 2],
      ['done', 2, null],
    ];
    for (const word of words) expect(writer.write(word)).toBe('written');
    reader.read();
    expect(heard).toEqual(words);
  });

  it('shows what was written to a reader that comes when the writer is dead', () => {
    const memory = newLedger();
    new LedgerWriter(memory).write(['done', 7, 'finished']);
    const heard: unknown[] = [];
    new LedgerReader(memory, (word) => heard.push(word)).read();
    expect(heard).toEqual([['done', 7, 'finished']]);
  });

  it.each([
    ['a value that JSON does not keep', ['done', 1, new Map([[1, 2]])]],
    ['a large value', ['done', 1, 'x'.repeat(5_000)]],
    ['a value that becomes large as text', ['done', 1, Array.from({ length: 3_000 }, (_, n) => n)]],
    ['a word of another kind', ['progress', 1, 0.5]],
  ] as [string, ToHost][])('sends %s by the port', (_what, word) => {
    const { writer } = ledger();
    expect(writer.write(word)).toBe('by port');
  });

  it('keeps the order between what is written and what comes by the port', () => {
    const { writer, reader, heard } = ledger();
    writer.write(['entered', 1]);
    expect(writer.write(['progress', 1, 'half'])).toBe('by port');
    writer.write(['done', 1, 'whole']);
    reader.read();
    expect(heard).toEqual([['entered', 1]]);
    reader.post(['progress', 1, 'half']);
    reader.read();
    expect(heard).toEqual([
      ['entered', 1],
      ['progress', 1, 'half'],
      ['done', 1, 'whole'],
    ]);
  });

  it('passes over a word that could not be posted after all', () => {
    const { writer, reader, heard } = ledger();
    writer.keepPlace();
    writer.write(['entered', 2]);
    reader.post(NO_WORD);
    reader.read();
    expect(heard).toEqual([['entered', 2]]);
  });

  it('calls the host once until it has read, and not when there is nothing to read', () => {
    const { writer, reader } = ledger();
    expect(writer.isCallDue()).toBe(false);
    writer.write(['entered', 1]);
    expect([writer.isCallDue(), writer.isCallDue()]).toEqual([true, false]);
    reader.read();
    expect(writer.isCallDue()).toBe(false);
    writer.write(['entered', 2]);
    expect(writer.isCallDue()).toBe(true);
  });

  it('says when it is full, and has room again when it was read', () => {
    const { writer, reader, heard } = ledger();
    let written = 0;
    while (writer.write(['entered', written + 1]) === 'written') written++;
    expect(writer.write(['progress', 1, 1])).toBe('full');
    reader.read();
    expect(heard).toHaveLength(written);
    expect(writer.write(['entered', 1])).toBe('written');
  });

  it('goes round and round in the same memory', () => {
    const { writer, reader, heard } = ledger();
    for (let tx = 1; tx <= 100_000; tx++) {
      writer.write(['entered', tx]);
      if (tx % 20_000 === 0) reader.read();
    }
    expect(heard).toHaveLength(100_000);
    expect(heard.at(-1)).toEqual(['entered', 100_000]);
  });

  it('loses nothing over many rounds, whatever is written and whenever it is read', () => {
    const word = fc.oneof(
      fc.nat().map((tx): ToHost => ['entered', tx]),
      fc.string({ unit: 'binary', maxLength: 900 }).map((text): ToHost => ['done', 1, text]),
      fc.nat().map((n): ToHost => ['progress', 1, n]),
    );
    fc.assert(
      fc.property(fc.array(fc.array(word, { maxLength: 40 }), { maxLength: 40 }), (rounds) => {
        const { writer, reader, heard } = ledger();
        for (const words of rounds) {
          for (const one of words) if (writer.write(one) === 'by port') reader.post(one);
          reader.read();
        }
        expect(heard).toEqual(rounds.flat());
      }),
      { numRuns: 60 },
    );
  });
});
