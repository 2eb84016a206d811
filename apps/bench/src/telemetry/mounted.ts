import { DashboardModule } from '@nestjs-workers/dashboard';
import type { OpenLine } from '../in-process/line.js';
import { openWith } from '../in-process/peers/ours.js';

/** The page and the admin API stand there, and nobody looks. */
export const open: OpenLine = (setup) => openWith([DashboardModule.forRoot({ guards: [] })], setup);
