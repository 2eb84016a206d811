/**
 * A frame: the length of its body as four bytes, big-endian, then the body. That is all there is on the wire, in both directions.
 *
 * A body is bytes that nobody here looks into; text is UTF-8. It may be empty. Bytes are counted, never characters, so a character that
 * lies across two chunks arrives whole.
 */
export const HEADER_BYTES = 4;

/** The largest body that is sent or taken unless an option says otherwise: 64 MiB. */
export const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1_024 * 1_024;

/** The length that the four bytes at `at` say. */
export function readLength(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at);
}

/** Writes `length` as four bytes at `at`. */
export function writeLength(bytes: Buffer, at: number, length: number): void {
  bytes[at] = length >>> 24;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length;
}
