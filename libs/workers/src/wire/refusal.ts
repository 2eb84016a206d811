import { types } from 'node:util';

/** What a value that cannot cross is, in words, and what to do instead; `path` is where it stands. */
export function found(value: object | symbol, path: string): readonly [what: string, advice: string] {
  if (typeof value === 'symbol') return [`a symbol (${String(value)})`, 'Send its description.'];
  if (typeof value === 'function')
    return [
      value.name === '' ? 'a function' : `a function (${value.name})`,
      'Send data; a function stays on its side.',
    ];
  const name = className(value);
  const known = ADVICE.get(name);
  if (known !== undefined) return [`a ${name}`, known];
  if (types.isProxy(value)) return ['a Proxy', 'Send a plain copy of what it shows.'];
  if ('pipe' in value) return [`a stream (${name})`, STREAM];
  return [`an instance of ${name}`, path === 'payload' ? `${PLAIN}, ${orDeclared(name)}` : `${PLAIN}.`];
}

const PLAIN = 'Send plain data in its place';

/** Only a payload is rebuilt as what its channel declares; what stands in it, or comes back, is not. */
function orDeclared(name: string): string {
  return `or declare \`payload: ${name}\` on the channel, so that it is built again on the far side.`;
}

function className(value: object): string {
  const { constructor } = value;
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'a class without a name';
}

const STREAM = 'Send what it holds, or where it can be opened.';
const PRIMITIVE = 'Send the value itself, without `new`.';
const WEAK = 'Send what it holds as a Map or an array.';

const ADVICE = new Map([
  ['Promise', 'Await it, and send its value.'],
  ['ReadableStream', STREAM],
  ['WritableStream', STREAM],
  ['Blob', 'Send its bytes: Buffer.from(await blob.arrayBuffer()).'],
  ['File', 'Send its bytes: Buffer.from(await file.arrayBuffer()).'],
  ['WeakMap', WEAK],
  ['WeakSet', WEAK],
  ['WeakRef', 'Send what it refers to.'],
  ['SharedArrayBuffer', 'Send a copy: Buffer.from(new Uint8Array(buffer)).'],
  ['String', PRIMITIVE],
  ['Number', PRIMITIVE],
  ['Boolean', PRIMITIVE],
]);
