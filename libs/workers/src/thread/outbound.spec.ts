import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { turn, until } from '../testing/until.js';
import { LedgerReader, LedgerWriter, newLedger, type Word } from './ledger.js';
import { Outbound } from './outbound.js';

/** One direction over a real port; reads when it is called, or when the test says so. */
function direction({ readsByItself = true } = {}) {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const memory = newLedger();
  const heard: unknown[] = [];
  const unsaid: unknown[] = [];
  const out = new Outbound<Word>(port1, new LedgerWriter(memory), (word, error) => unsaid.push([word[0], error.name]));
  const reader = new LedgerReader(memory, (word) => heard.push(word));
  let calls = 0;
  port2.on('message', (words: readonly unknown[]) => {
    calls++;
    for (const word of words) reader.post(word);
    if (readsByItself) reader.read();
  });
  return { out, reader, heard, unsaid, port2, calls: () => calls };
}

describe('the way out', () => {
  it('keeps the order, whatever goes by the ledger and whatever by the port', async () => {
    const { out, heard } = direction();
    const words: Word[] = [
      ['entered', 1],
      ['progress', 1, new Map([[1, 2]])],
      ['done', 1, { a: 1 }],
      ['run', 2, 'id', 1, 'none', null, 'small'],
      ['run', 3, 'id', 1, 'none', null, 'x'.repeat(10_000)],
      ['done', 2, undefined],
    ];
    for (const word of words) out.say(word);
    out.send();
    await until(() => heard.length === words.length);
    expect(heard).toEqual(words);
  });

  it('calls once for all that is said until it is read', async () => {
    const { out, reader, heard, port2, calls } = direction({ readsByItself: false });
    const called = once(port2, 'message');
    for (let tx = 1; tx <= 10; tx++) {
      out.say(['entered', tx]);
      out.send();
    }
    await called;
    await turn();
    expect(calls()).toBe(1);
    reader.read();
    expect(heard).toHaveLength(10);
  });

  it('hands buffers over, and fails only the word whose buffer cannot be', async () => {
    const { out, heard, unsaid } = direction();
    const whole = new ArrayBuffer(8);
    const gone = new ArrayBuffer(8);
    structuredClone(gone, { transfer: [gone] });
    out.say(['done', 1, whole], [whole]);
    out.say(['done', 2, gone], [gone]);
    out.say(['entered', 3]);
    out.send();
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      ['done', 1, new ArrayBuffer(8)],
      ['entered', 3],
    ]);
    expect([whole.byteLength, unsaid]).toEqual([0, [['done', 'DataCloneError']]]);
  });

  it('keeps back what finds no room, and says it in order when there is', async () => {
    const { out, reader, heard } = direction({ readsByItself: false });
    const count = 40_000;
    for (let tx = 1; tx <= count; tx++) out.say(['entered', tx]);
    expect(out.isLate).toBe(true);
    for (let round = 0; round < 10 && heard.length < count; round++) {
      reader.read();
      out.sendLate();
    }
    expect(heard).toEqual(Array.from({ length: count }, (_, n) => ['entered', n + 1]));
    expect(out.isLate).toBe(false);
  });
});
