import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { Injectable } from '@nestjs/common';

/** Beside `src` and `dist` alike: the page is compiled for browsers, by a build of its own. */
const BUILT = new URL('../../page/dist/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** One file of the page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
}

/**
 * The files of the page, read once: a document, its styles and its script as modules.
 *
 * Its `edition` is a mark of their content and part of their address, so that a browser may keep them for ever.
 */
@Injectable()
export class PageFiles {
  readonly edition: string;
  private readonly files: ReadonlyMap<string, PageFile>;
  private readonly document: string;

  constructor() {
    if (!existsSync(BUILT))
      throw new Error(`The page is not built; expected it in ${BUILT.pathname}. Run npm run build.`);
    const names = readdirSync(BUILT, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
    this.files = new Map(
      names.flatMap((name) => {
        const type = TYPES[extname(name)];
        return type === undefined ? [] : [[name, { type, content: readFileSync(new URL(name, BUILT)) }]];
      }),
    );
    this.document = readFileSync(new URL('page.html', BUILT), 'utf8');
    const hash = createHash('sha256').update(this.document);
    for (const [name, { content }] of this.files) hash.update(name).update(content);
    this.edition = hash.digest('hex').slice(0, 12);
  }

  find(name: string): PageFile | undefined {
    return this.files.get(name);
  }

  /** The document, with the addresses of its files relative to its own. @param under what stands before them, with a slash at its end */
  html(under: string): string {
    const at = `${under}assets/${this.edition}/`;
    const modules = [...this.files.keys()].filter((name) => name.endsWith('.js'));
    const preloads = modules.map((name) => `<link rel="modulepreload" href="${at}${name}" />`).join('\n    ');
    return this.document.replaceAll('%assets%/', at).replace('<!-- modules -->', preloads);
  }
}
