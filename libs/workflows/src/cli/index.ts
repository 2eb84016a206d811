import type { CommandGroup } from '@nestjs-workers/core/cli';
import { diagram } from './diagram.command.js';
import { history } from './history.command.js';
import { list } from './list.command.js';
import { migrate } from './migrate.command.js';
import { sql } from './sql.command.js';
import { state } from './state.command.js';

/** `nestjs-workers workflows ...` */
export const workflows: CommandGroup = {
  summary: 'Shows workflows and their histories.',
  commands: { list, history, state, diagram, migrate, sql },
};
