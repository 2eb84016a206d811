import type { Form } from './portable.js';
import type { Tag } from './tag.js';

/** A kind of object that has no parts: how it is written where the border does not keep it, and read back. */
export interface Leaf<V extends object = object> {
  readonly tag: Tag;
  /** Whether the structured clone keeps this one by itself. */
  readonly isCloned: (value: V) => boolean;
  /** Why this one cannot cross at all. */
  readonly obstacle: (value: V) => string | undefined;
  readonly write: (value: V, form: Form) => unknown;
  readonly read: (content: unknown) => V;
}

const DATE: Leaf<Date> = {
  tag: '$date',
  // Asking is what shows that it is one: it throws where an object only has the prototype.
  isCloned: (date) => date.getTime() !== undefined,
  obstacle: propertiesOf,
  write: (date) => (Number.isNaN(date.getTime()) ? null : date.toISOString()),
  read: (content) => new Date(content === null ? Number.NaN : (content as string)),
};

const REGEXP: Leaf<RegExp> = {
  tag: '$regexp',
  isCloned: ({ lastIndex }) => lastIndex === 0,
  obstacle: propertiesOf,
  write: ({ source, flags, lastIndex }) => [source, flags, lastIndex],
  read: (content) => {
    const [source, flags, lastIndex] = content as [string, string, number];
    return Object.assign(new RegExp(source, flags), { lastIndex });
  },
};

const ADDRESS: Leaf<URL> = {
  tag: '$url',
  isCloned: () => false,
  obstacle: propertiesOf,
  write: ({ href }) => href,
  read: (content) => new URL(content as string),
};

const BUFFER: Leaf<Buffer> = {
  tag: '$buffer',
  isCloned: () => false,
  obstacle: ({ buffer }) => obstacleOf(buffer),
  // The memory under a small Buffer is a pool that it shares with others.
  write: (buffer, form) => (form === 'json' ? buffer.toString('base64') : alone(buffer)),
  read: (content) =>
    typeof content === 'string' ? Buffer.from(content, 'base64') : asBuffer(content as NodeJS.ArrayBufferView),
};

const BYTES: Leaf<ArrayBuffer> = {
  tag: '$bytes',
  isCloned: () => true,
  obstacle: (buffer) => obstacleOf(buffer) ?? propertiesOf(buffer),
  write: (buffer) => Buffer.from(buffer).toString('base64'),
  read: (content) => memory(content as string),
};

type View = NodeJS.ArrayBufferView;
type ViewClass = new (buffer: ArrayBuffer) => View;

const VIEW: Leaf<View> = {
  tag: '$view',
  // A MessagePort sends all the memory that lies under a view.
  isCloned: ({ byteLength, buffer }) => byteLength === buffer.byteLength,
  obstacle: ({ buffer }) => obstacleOf(buffer),
  write: (view, form) => {
    const bytes = asBuffer(view);
    return [view.constructor.name, form === 'json' ? bytes.toString('base64') : new Uint8Array(bytes).buffer];
  },
  read: (content) => {
    const [name, bytes] = content as [string, string | ArrayBuffer];
    const View = VIEWS.get(name);
    if (View === undefined) throw new TypeError(`There is no view called ${name}`);
    return new View(typeof bytes === 'string' ? memory(bytes) : bytes);
  },
};

const VIEW_NAMES =
  'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array ' +
  'Float16Array Float32Array Float64Array DataView';

/** Those that this version of Node has; `Float16Array` came late. */
const VIEWS = new Map(
  VIEW_NAMES.split(' ').flatMap((name) => {
    const View = (globalThis as Record<string, unknown>)[name] as ViewClass | undefined;
    return View === undefined ? [] : [[name, View] as const];
  }),
);

const BY_PROTOTYPE = new Map<object, Leaf>([
  [Date.prototype, DATE as Leaf],
  [RegExp.prototype, REGEXP as Leaf],
  [URL.prototype, ADDRESS as Leaf],
  [Buffer.prototype, BUFFER as Leaf],
  [ArrayBuffer.prototype, BYTES as Leaf],
  ...[...VIEWS.values()].map(({ prototype }) => [prototype as object, VIEW as Leaf] as const),
]);

const BY_TAG = new Map<string, Leaf>([...BY_PROTOTYPE.values()].map((leaf) => [leaf.tag, leaf]));

/** The leaf whose objects have this prototype: an instance of a subclass is none. */
export function leafOf(prototype: object | null): Leaf | undefined {
  return prototype === null ? undefined : BY_PROTOTYPE.get(prototype);
}

export function leafTagged(tag: string): Leaf | undefined {
  return BY_TAG.get(tag);
}

/** The obstacle for what loses the properties that somebody hung on it. */
export function propertiesOf(value: object): string | undefined {
  const [first] = Object.keys(value);
  return first === undefined ? undefined : `a ${value.constructor.name} with a property of its own ("${first}")`;
}

/** Memory that is shared, may grow or is gone cannot arrive as it is. */
function obstacleOf(buffer: ArrayBufferLike): string | undefined {
  if (!(buffer instanceof ArrayBuffer)) return 'memory of a SharedArrayBuffer';
  if ((buffer as { resizable?: boolean }).resizable === true) return 'memory of a resizable ArrayBuffer';
  // Only the constructor of a view tells a detached buffer from an empty one in every version of Node: it throws.
  if (buffer.byteLength === 0) void new Uint8Array(buffer);
  return undefined;
}

function asBuffer({ buffer, byteOffset, byteLength }: View): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** `buffer`, or a copy of it, with no memory but its own. */
function alone(buffer: Buffer): Buffer {
  return buffer.byteLength === buffer.buffer.byteLength ? buffer : Buffer.from(new Uint8Array(buffer).buffer);
}

function memory(base64: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(base64, 'base64')).buffer;
}
