import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';

/** Beside `src` and `dist` alike: the page is not compiled. */
const SOURCES = new URL('../../page/', import.meta.url);

const STYLES = ['page.css', 'stage.css', 'desk.css', 'orders.css', 'pictures.css'];

/** Each after what it imports, and no name twice: so they can be put together as they are, and are one module. */
const SCRIPTS = ['element.js', 'trace.js', 'isolates.js', 'stage.js', 'pictures.js', 'desk.js', 'orders.js', 'page.js'];

/**
 * The page as one self-contained document: markup with its style and its script inside, and nothing from anywhere else.
 *
 * Its Content-Security-Policy names the hashes of the two, so that no other script or style can ever run in it, not even one of ours.
 */
@Injectable()
export class PageDocument {
  readonly html: string;
  readonly contentSecurityPolicy: string;

  constructor() {
    const style = STYLES.map(source).join('\n');
    const script = SCRIPTS.map((name) => withoutImports(source(name))).join('\n');
    this.html = source('page.html')
      .replace('/* style */', () => style)
      .replace('/* script */', () => script);
    this.contentSecurityPolicy = [
      `default-src 'none'`,
      `script-src '${hashOf('script', this.html)}'`,
      `style-src '${hashOf('style', this.html)}'`,
      `img-src 'self' data:`,
      `connect-src 'self'`,
      `base-uri 'none'`,
      `form-action 'none'`,
      `frame-ancestors 'none'`,
    ].join('; ');
  }
}

/** With the line ends that a browser makes of them before it hashes. */
function source(name: string): string {
  return readFileSync(new URL(name, SOURCES), 'utf8').replaceAll('\r\n', '\n');
}

function withoutImports(script: string): string {
  return script.replaceAll(/^import [^;]*;\n/gm, '').replaceAll(/^export /gm, '');
}

/** The hash of everything between the opening and the closing tag, as the policy wants it. */
function hashOf(tag: string, html: string): string {
  const [, content = ''] = new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`).exec(html) ?? [];
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}
