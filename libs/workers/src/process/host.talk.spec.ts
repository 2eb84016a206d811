import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ToIsolate } from '../isolate/protocol.js';
import { socketPair } from '../socket/fixtures/sockets.js';
import { Line } from '../socket/line.js';
import { until } from '../testing/until.js';
import { jsonSerializer, type Serializer } from '../wire/serializer.js';
import { HostTalk } from './host.talk.js';
import { JournalReader, JournalWriter } from './journal.js';

const json = jsonSerializer();

/** A host that talks with an isolate of which there is nothing but its line and its journal. */
async function talk({
  serializer = json,
  maxMessageBytes = 1_000_000,
}: { serializer?: Serializer; maxMessageBytes?: number } = {}) {
  const [near, far] = await socketPair();
  const journal = JournalReader.open();
  onTestFinished(() => journal?.close());
  const isolate = new Line(far, journal === undefined ? {} : { journal: new JournalWriter(journal.fd) });
  const line = new Line(near, { maxMessageBytes });
  const heard: unknown[] = [];
  const unsaid: [ToIsolate, Error][] = [];
  const host = new HostTalk(
    line,
    { serializer, middleware: [] },
    {
      onWord: (word) => void heard.push(word),
      onUnsaid: (word, error) => void unsaid.push([word, error]),
      onUnheard: (error) => expect.unreachable(error.message),
    },
  );
  const frames: unknown[][] = [];
  isolate.onFrame((body) => void frames.push(serializer.deserialize(body) as unknown[]));
  isolate.send(json.serialize(['met', serializer.name]));
  isolate.flush();
  await until(() => line.given === 1);
  return { host, isolate, heard, unsaid, frames, recover: () => host.recover(journal?.read() ?? []) };
}

const run = (tx: number, payload: unknown = null): ToIsolate => ['run', tx, `m${tx}`, 1, 'none', null, payload];

type Step = { readonly say: number } | 'secure' | 'flush' | 'recover' | 'turn';
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ say: fc.oneof({ weight: 8, arbitrary: fc.nat(200) }, fc.nat(90_000)) }) },
  { weight: 6, arbitrary: fc.constant('secure') },
  fc.constant('flush'),
  { weight: 2, arbitrary: fc.constant('recover') },
  fc.constant('turn'),
);

describe('the talk of a host with its isolate', () => {
  it('hears each word once and in order, from the socket or from the journal, whichever has it first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { isolate, heard, recover } = await talk();
        let said = 0;
        for (const one of steps) {
          if (typeof one === 'object') isolate.send(json.serialize([said++, 'x'.repeat(one.say)]));
          else if (one === 'secure') isolate.secure();
          else if (one === 'flush') isolate.flush();
          else if (one === 'recover') recover();
          else await new Promise(setImmediate);
        }
        isolate.flush();
        await until(() => heard.length >= said);
        recover();
        expect(heard.map((word) => (word as [number])[0])).toEqual(Array.from({ length: said }, (_, i) => i));
      }),
      { numRuns: 60, interruptAfterTimeLimit: 20_000 },
    );
  }, 30_000);

  it.runIf(process.platform !== 'win32')('hears what an isolate noted that can say nothing more', async () => {
    const { isolate, heard, recover } = await talk();
    isolate.send(json.serialize('noted'));
    isolate.secure();
    // There is nothing new to be made sure of, which must not hide what comes next.
    isolate.secure();
    isolate.send(json.serialize('noted too'));
    isolate.secure();
    recover();
    expect(heard).toEqual(['noted', 'noted too']);
    isolate.flush();
    isolate.send(json.serialize('said'));
    await until(() => heard.length > 2);
    expect(heard).toEqual(['noted', 'noted too', 'said']);
  });

  it('writes what it kept as one frame, with the word that is said after it', async () => {
    const { host, frames } = await talk();
    for (const tx of [1, 2, 3]) host.keep(run(tx));
    host.say(['ping']);
    host.keep(run(4));
    host.flush();
    await until(() => frames.length === 2);
    expect(frames).toEqual([[run(1), run(2), run(3), ['ping']], [run(4)]]);
  });

  it('writes words alone while they are large', async () => {
    const { host, frames } = await talk();
    const large = 'x'.repeat(20_000);
    for (const [tx, payload] of [large, large, large, 'small', 'small', 'small'].entries()) host.keep(run(tx, payload));
    host.flush();
    host.keep(run(6, large));
    host.flush();
    await until(() => frames.flat().length === 7);
    expect(frames.flat().map((word) => (word as [string, number])[1])).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const tx of [7, 8, 9]) host.keep(run(tx, large));
    host.flush();
    await until(() => frames.flat().length === 10);
    expect(frames.slice(-3).map((frame) => frame.length)).toEqual([1, 1, 1]);
  });

  it('says of a word that cannot be written that it was not, and writes the others', async () => {
    const refusing: Serializer = {
      ...json,
      serialize: (frame) => {
        const text = JSON.stringify(frame);
        if (text.includes('no way')) throw new TypeError('no way');
        return text;
      },
    };
    const { host, frames, unsaid } = await talk({ serializer: refusing, maxMessageBytes: 1_000 });
    const words = [run(1), run(2, 'no way'), run(3), run(4, 'x'.repeat(2_000)), run(5)];
    for (const word of words) host.keep(word);
    host.flush();
    await until(() => frames.flat().length === 3);
    expect(frames.flat()).toEqual([run(1), run(3), run(5)]);
    expect(unsaid.map(([word, { message }]) => [word[1], message.slice(0, 24)])).toEqual([
      [2, 'no way'],
      [4, 'A message of 2033 bytes '],
    ]);
  });
});
