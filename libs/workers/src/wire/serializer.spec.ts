import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { pack, unpack } from './portable.js';
import { jsonSerializer, type Serializer } from './serializer.js';
import { borderContract } from './serializer.contract.js';
import { v8Serializer } from './v8.serializer.js';

/** There and back, over bytes, as a socket has them. */
function there(serializer: Serializer, frame: unknown): unknown {
  const written = serializer.serialize(frame);
  return serializer.deserialize(typeof written === 'string' ? Buffer.from(written) : written);
}

const { port1, port2 } = new MessageChannel();
afterAll(() => port1.close());

/** A pair of a user, who has heard of nothing but JSON. */
const own: Serializer = {
  name: 'own',
  serialize: (frame) => Buffer.from(encodeURIComponent(JSON.stringify(frame))),
  deserialize: (data) => JSON.parse(decodeURIComponent(data.toString())) as unknown,
};

borderContract('JSON', { form: 'json', cross: (frame) => there(jsonSerializer(), frame) });
borderContract('the pair of a user', { form: 'json', cross: (frame) => there(own, frame) });
borderContract('v8', { form: 'clone', cross: (frame) => there(v8Serializer(), frame) });
borderContract('a MessagePort', {
  form: 'clone',
  cross: (frame) => {
    port1.postMessage(frame);
    return (receiveMessageOnPort(port2) as { message: unknown }).message;
  },
});

describe('JSON', () => {
  it('is what JSON.stringify writes when all is plain', () => {
    const order = { id: 'o-1', paid: true, lines: [{ sku: 'a', quantity: 2 }], note: null };
    expect(jsonSerializer().serialize(['run', 1, pack(order, 'json')])).toBe(JSON.stringify(['run', 1, order]));
  });

  it('can be read by a person when it is not', () => {
    const order = { at: new Date(0), total: 10n, lines: new Map([['a', undefined]]) };
    expect(jsonSerializer().serialize(pack(order, 'json'))).toBe(
      '{"$wire":{"at":{"$date":"1970-01-01T00:00:00.000Z"},"total":{"$bigint":"10"},"lines":{"$map":[["a",{"$undefined":true}]]}}}',
    );
  });
});

describe('a pair that says that it copies', () => {
  it.each([jsonSerializer(), v8Serializer()])('$name: shares no memory between values and bytes', (serializer) => {
    expect(serializer.isCopying).toBe(true);
    const frame = [
      'run',
      'x'.repeat(200_000),
      ...(serializer.form === 'clone' ? [Buffer.from('bytes'), Uint8Array.of(1, 2)] : []),
    ];
    const data = Buffer.from(serializer.serialize(frame));
    const read = serializer.deserialize(data);
    data.fill(0);
    expect(read).toEqual(frame);
  });
});

describe('a MessagePort', () => {
  it('gets nothing of the neighbours of a small Buffer', () => {
    const [secret, small] = [Buffer.from('a secret'), Buffer.from('small')];
    expect(small.buffer).toBe(secret.buffer);
    const arrived = unpack(structuredClone(pack(small, 'clone'))) as Buffer;
    expect([arrived.toString(), arrived.buffer.byteLength]).toEqual(['small', 5]);
  });
});

describe('a border that keeps objects one', () => {
  it.each(['v8', 'a MessagePort'])('keeps cycles, and everything that is reached by two ways (%s)', (name) => {
    const cross = name === 'v8' ? (frame: unknown) => there(v8Serializer(), frame) : structuredClone;
    const [address, image] = [new URL('a:b'), Buffer.from('image')];
    const error = new Error('shared');
    const bare = Object.assign(Object.create(null) as Record<string, unknown>, { address });
    const value: Record<string, unknown> = { $date: 1, address, image, again: [address, image, error, error], bare };
    value['self'] = { value, map: new Map([[value, bare]]) };
    bare['self'] = bare;
    const arrived = unpack(cross(pack(value, 'clone'))) as typeof value & {
      again: unknown[];
      self: { map: Map<unknown, unknown> };
      bare: typeof bare;
    };
    expect(arrived.self).toMatchObject({ value: arrived });
    expect(arrived.self.map.get(arrived)).toBe(arrived.bare);
    expect(arrived.bare['self']).toBe(arrived.bare);
    expect(arrived.again[0]).toBe(arrived['address']);
    expect(arrived.again[1]).toBe(arrived['image']);
    expect(arrived.again[2]).toBe(arrived.again[3]);
  });

  it('keeps an object that is its own only content', () => {
    const value: Record<string, unknown> = { at: new URL('a:b') };
    value['$date'] = value;
    delete value['at'];
    const arrived = unpack(structuredClone(pack([value, new URL('a:b')], 'clone'))) as [Record<string, unknown>];
    expect(arrived[0]['$date']).toBe(arrived[0]);
  });
});
