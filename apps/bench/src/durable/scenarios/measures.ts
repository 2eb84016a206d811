import type { Scenario } from '../../suite/scenario.js';

/** The clock leads: what is asked of a queue is a rate. */
export const perJob: Scenario['measures'] = [
  { key: 'wallUs', title: 'wall µs/job', digits: 1 },
  { key: 'rate', title: 'jobs/s', digits: 0 },
  { key: 'cpuUs', title: 'client CPU µs/job', digits: 1 },
];
