import type { Scenario } from '../../suite/scenario.js';

/** What a timed pass is measured in. */
export const perItem: Scenario['measures'] = [
  { key: 'cpuNs', title: 'CPU ns/item', digits: 0 },
  { key: 'wallNs', title: 'wall ns/item', digits: 0 },
];
