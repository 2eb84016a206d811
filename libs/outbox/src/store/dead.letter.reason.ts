/** Every reason for which a message is a dead letter. The guide on retries says of each what it means. */
export const DEAD_LETTER_REASONS = [
  /** It was tried as often as it may be. */
  'attempts',
  /** Its handler said so, or trying cannot help: a payload that is refused or cannot be read, a result that cannot be written. */
  'permanent',
  /** `retryIf` said no. */
  'refused',
  /** Too many hosts or isolates died with it. */
  'crashed',
  /** An isolate died with it, and its channel says `lost: 'bury'`. */
  'lost',
  /** The database refuses what came of it. */
  'unwritable',
] as const;

/** Why a message is a dead letter: one of `DEAD_LETTER_REASONS`. */
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];
