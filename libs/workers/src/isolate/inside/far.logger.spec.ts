import { describe, expect, it } from 'vitest';
import { FarLogger } from './far.logger.js';
import type { Link } from './link.js';

/** What reaches the host of what is logged inside. */
function heard(log: (logger: FarLogger) => void): readonly unknown[] {
  const words: unknown[] = [];
  log(new FarLogger({ say: (word: unknown) => words.push(word) } as unknown as Link));
  return words;
}

describe('the logger inside an isolate', () => {
  it('tells the host level, context, text and stack of a line', () => {
    const error = new Error('inside');
    const words = heard((logger) => {
      logger.log('%d pages', 7, 'Typesetter');
      logger.error('it failed', error.stack, 'Typesetter');
      logger.error(error, undefined, 'Typesetter');
      logger.fatal('no ink', undefined, 'Typesetter');
    });
    expect(words).toEqual([
      ['log', 'log', 'Typesetter', '7 pages', null],
      ['log', 'error', 'Typesetter', 'it failed', error.stack],
      ['log', 'error', 'Typesetter', expect.stringContaining('inside'), error.stack],
      ['log', 'fatal', 'Typesetter', 'no ink', null],
    ]);
  });

  it('leaves out what reads as if the application began again', () => {
    const words = heard((logger) => {
      logger.log('Starting Nest application...', 'NestFactory');
      logger.log('AppModule dependencies initialized', 'InstanceLoader');
      logger.warn('that is deprecated', 'NestFactory');
      logger.log('opened', 'Library');
    });
    expect(words).toEqual([
      ['log', 'warn', 'NestFactory', 'that is deprecated', null],
      ['log', 'log', 'Library', 'opened', null],
    ]);
  });
});
