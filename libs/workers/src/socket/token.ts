import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 32;

/** A secret that nobody guesses: 32 random bytes as text that is safe in a URL, an environment variable and a command line. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * A token to compare others with.
 *
 * Promises: the time a comparison takes tells nothing about the token, not even its length, because hashes of one length are compared.
 */
export class TokenCheck {
  private readonly expected: Buffer;

  constructor(token: string) {
    this.expected = hash(token);
  }

  accepts(shown: string | Uint8Array): boolean {
    return timingSafeEqual(hash(shown), this.expected);
  }
}

function hash(text: string | Uint8Array): Buffer {
  return createHash('sha256').update(text).digest();
}
