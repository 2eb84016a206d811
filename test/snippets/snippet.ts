/**
 * Finds the TypeScript in a page of Markdown. Each fenced `ts` block is a module of its own. Words after `ts` change that:
 *
 * - `ts continue`: goes on in the module of the block before it.
 * - `ts no-run it listens for ever`: compiled, not run; the reason is not optional.
 *
 * A first line like `// images.module.ts` names the file, so that other blocks of the page can import it. A block inside an
 * HTML comment counts too: that is where a page keeps what its reader need not see.
 */
export interface Snippet {
  readonly page: string;
  /** Where its first block begins, counted from one. */
  readonly line: number;
  /** Path inside the page's own folder. */
  readonly file: string;
  /** Every line stands at the number it has in the page, so whatever complains names the right line. */
  readonly code: string;
  readonly whyNotRun: string | undefined;
}

const FENCE = /^( *)```ts(?: +(\S+))?(?: +(.*\S))? *$/;
const NAME = /^\/\/ ([\w-][\w./-]*\.ts)\b/;

export function snippetsOf(page: string, markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  const lines = markdown.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at]!);
    if (!fence) continue;
    const place = `${page}:${at + 1}`;
    const [, indent = '', word, reason] = fence;
    const end = lines.findIndex((line, index) => index > at && line.trim() === '```');
    if (end < 0) throw new Error(`${place}: this block is never closed.`);
    const block = lines.slice(at + 1, end).map((line) => line.slice(indent.length));

    if (word === 'continue') {
      const last = snippets.pop();
      if (!last) throw new Error(`${place}: there is no block before it to continue.`);
      snippets.push({ ...last, code: append(last.code, block, at + 1) });
    } else if (word === undefined || word === 'no-run') {
      if (word && !reason) throw new Error(`${place}: "no-run" needs a reason behind it.`);
      const file = NAME.exec(block[0] ?? '')?.[1] ?? `line-${at + 1}.ts`;
      snippets.push({ page, line: at + 1, file, code: append('', block, at + 1), whyNotRun: reason });
    } else {
      throw new Error(`${place}: "${word}" is not a word for a ts block; there are "continue" and "no-run".`);
    }
    at = end;
  }
  return snippets;
}

/** Whether it does something by itself: asserts, or awaits in a line that is not indented. Only then is it worth running. */
export function isRun({ code, whyNotRun }: Snippet): boolean {
  return whyNotRun === undefined && /^(?!\s).*\bawait\b|\bassert\b|\bexpect\(/m.test(code);
}

/** Adds a block whose first line stands at index `at`, with empty lines for all that lies between. */
function append(code: string, block: readonly string[], at: number): string {
  const before = code === '' ? [] : code.split('\n');
  return [...before, ...Array.from({ length: at - before.length }, () => ''), ...block].join('\n');
}
