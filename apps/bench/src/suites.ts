/** All suites, in the order of the report. A new family is a folder beside `in-process/` and a line here. */
import { durable } from './durable/durable.suite.js';
import { durableNewest } from './durable/newest/newest.suite.js';
import { inProcess } from './in-process/in-process.suite.js';
import { processes } from './processes/processes.suite.js';
import type { Suite } from './suite/suite.js';
import { telemetry } from './telemetry/telemetry.suite.js';
import { threads } from './threads/threads.suite.js';
import { workflows } from './workflows/workflows.suite.js';

export const suites: readonly Suite[] = [inProcess, telemetry, threads, processes, durable, durableNewest, workflows];
