import { formatWithOptions } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import type { LogLevel } from '../../dispatch/desk.js';
import type { Link } from './link.js';

/** Who tells of the start of a context. */
const STARTING = new Set<unknown>(['NestFactory', 'InstanceLoader']);

/** Nest's logger inside an isolate: every line reaches the logger of the host, but those that would read as if the application began again. */
export class FarLogger implements LoggerService {
  constructor(private readonly link: Link) {}

  log(message: unknown, ...more: unknown[]): void {
    if (!STARTING.has(more.at(-1))) this.tell('log', message, more);
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.tell('warn', message, more);
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.tell('debug', message, more);
  }

  verbose(message: unknown, ...more: unknown[]): void {
    this.tell('verbose', message, more);
  }

  error(message: unknown, ...more: unknown[]): void {
    this.tellWithStack('error', message, more);
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.tellWithStack('fatal', message, more);
  }

  /** Nest puts the stack before the context, also where there is none. */
  private tellWithStack(level: LogLevel, message: unknown, given: unknown[]): void {
    const more = given.filter((part) => part !== undefined);
    const stack = more.length > 1 && isStack(more.at(-2)) ? (more.splice(-2, 1)[0] as string) : undefined;
    this.tell(level, message, more, stack ?? (message instanceof Error ? message.stack : undefined));
  }

  /** Nest puts the context last. */
  private tell(level: LogLevel, message: unknown, more: unknown[], stack?: string): void {
    const last = more.at(-1);
    const context = typeof last === 'string' ? last : '';
    const rest = context === '' ? more : more.slice(0, -1);
    this.link.say(['log', level, context, formatWithOptions({ colors: false }, message, ...rest), stack ?? null]);
  }
}

function isStack(given: unknown): boolean {
  return typeof given === 'string' && /\n\s+at /.test(given);
}
