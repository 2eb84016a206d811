import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@nestjs-workers/core/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { setup as buildWhatIsOutOfDate } from '../support/built.js';
import { Demo, picture, RUN_LIMIT_MS } from '../support/demo.js';

const SDK = new URL('../support/telemetry.import.mjs', import.meta.url);

interface Span {
  readonly name: string;
  readonly trace: string;
  readonly id: string;
  readonly parent?: string;
}

let scratch: string;

beforeAll(async () => {
  buildWhatIsOutOfDate();
  scratch = await mkdtemp(join(tmpdir(), 'demo-traced-spec-'));
}, 300_000);

afterEach(() => Demo.killAll());

afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('the demo with an SDK of OpenTelemetry', () => {
  it(
    'traces an upload unbroken from the HTTP request through channels in memory, a thread, the outbox and the effect',
    async () => {
      const file = join(scratch, 'spans.jsonl');
      const sdk = `${SDK.href}?spans=${encodeURIComponent(file)}`;
      const args = ['--serve', '--port', '0', '--out', join(scratch, 'out')];
      const demo = new Demo(args, {}, ['--import', sdk]);
      const { groups } = await demo.says(/Page +(?<address>http:\/\/127\.0\.0\.1:\d+)/, RUN_LIMIT_MS);

      // The browser has a trace too.
      const [trace, caller] = ['c'.repeat(32), 'd'.repeat(16)];
      const form = new FormData();
      form.append('pictures', new Blob([new Uint8Array(await picture())]), 'beach.png');
      const headers = { traceparent: `00-${trace}-${caller}-01` };
      const uploaded = await fetch(`${groups?.['address']}/pictures`, { method: 'POST', body: form, headers });
      expect(uploaded.status).toBe(202);

      const spans = (): Span[] =>
        readFileSync(file, 'utf8')
          .split('\n')
          // What is behind the last end of a line is still being written.
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Span)
          .filter((span) => span.trace === trace);
      const expected = [
        'POST /pictures < the browser',
        // Two channels in memory, with a worker on the event loop between them.
        'send pictures < POST /pictures',
        'wait pictures < send pictures',
        'process pictures < send pictures',
        'send originals < process pictures',
        'wait originals < send originals',
        // In a thread, where the preview and the print are written.
        'process originals < send originals',
        'fs writeFile < process originals',
        'fs writeFile < process originals',
        // The outbox on SQLite, and the effect: the thumbnail is stored.
        'send thumbnails < process originals',
        'wait thumbnails < send thumbnails',
        'process thumbnails < send thumbnails',
        'fs writeFile < process thumbnails',
        'settle thumbnails < process thumbnails',
      ];
      await until(() => spans().length >= expected.length, '30s');
      const all = spans();
      const nameOf = (id: string | undefined) =>
        id === caller ? 'the browser' : (all.find((span) => span.id === id)?.name ?? 'nobody');
      expect(all.map(({ name, parent }) => `${name} < ${nameOf(parent)}`).toSorted()).toEqual(expected.toSorted());

      demo.child.kill('SIGTERM');
      expect(await demo.exitCode(15_000)).toBe(0);
    },
    2 * RUN_LIMIT_MS,
  );
});
