import type { CommandGroup } from '@nestjs-workers/core/cli';
import { deadLetters } from './dead-letters.command.js';
import { migrate } from './migrate.command.js';
import { prune } from './prune.command.js';
import { retry } from './retry.command.js';
import { sql } from './sql.command.js';
import { status } from './status.command.js';

/** `nestjs-workers outbox ...` */
export const outbox: CommandGroup = {
  summary: 'Looks after the store of durable channels.',
  commands: { migrate, status, sql, 'dead-letters': deadLetters, retry, prune },
};
