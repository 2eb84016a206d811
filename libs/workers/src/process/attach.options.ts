/** Where a process that is started elsewhere attaches: the same path and token that it gives to `attachIsolate`. */
export interface Attach {
  readonly path: string;
  readonly token: string;
}

/** Short secrets can be guessed. */
const LEAST_TOKEN_LENGTH = 16;

export function isAttach(given: unknown): given is Attach {
  const { path, token } = (given ?? {}) as Partial<Attach>;
  return typeof path === 'string' && path !== '' && typeof token === 'string' && token.length >= LEAST_TOKEN_LENGTH;
}

/** What only a process that the host starts can be given. */
const OF_STARTED_ONES = ['entry', 'meet', 'maxHeapMb', 'env', 'execArgv'] as const;
const SIZES = ['maxSize', 'size', 'minSize'] as const;

/** The options of one worker's own dispatch. What the module says for all isolates is for those that it fits. */
type Given = { readonly [K in 'attach' | (typeof OF_STARTED_ONES | typeof SIZES)[number]]?: unknown };

/** Adds to `problems` what has no effect beside `attach`, and more than the one process that attaches at a path. */
export function checkAttach(where: string, given: Given, max: number, problems: string[]): void {
  if (given.attach === undefined) return;
  for (const key of OF_STARTED_ONES.filter((key) => given[key] !== undefined)) {
    problems.push(
      `${where}.${key}: is for a process that the host starts, and attach says that something else starts it. ` +
        `Give it to whatever does, or leave out attach.`,
    );
  }
  if (max > 1) {
    const key = SIZES.find((key) => given[key] !== undefined);
    problems.push(
      `${where}.${key}: cannot be above 1 with attach, because one process attaches at a path; got ${max}. ` +
        `Leave it out, or leave out attach.`,
    );
  }
}
