import { timedOnce } from '../../pass/once.js';
import type { Scenario } from '../../suite/scenario.js';
import type { OpenAccounts } from '../accounts.js';

const CALLERS = 16;

/** Callers decide at the same time, each on an instance of its own. */
export function decide(instances: 'running' | 'new'): Scenario<OpenAccounts> {
  const isNew = instances === 'new';
  return {
    name: isNew ? 'begin-16' : 'decide-16',
    title: isNew ? 'Begin instances, 16 at a time' : 'Decide on 16 instances, each by one caller',
    about: `${CALLERS} callers, each waiting for its commit before it decides again, ${
      isNew
        ? 'each time on a new instance'
        : 'always on its own instance, whose events since the last snapshot are replayed each time'
    }; one event and one effect each.`,
    items: 10_000,
    needs: [],
    measures: [
      { key: 'wallUs', title: 'wall µs/decision', digits: 1 },
      { key: 'rate', title: 'decisions/s', digits: 0 },
      { key: 'cpuUs', title: 'client CPU µs/decision', digits: 1 },
    ],
    frames: ['hand-written'],
    bars: [{ type: 'times-the-rate', measure: 'wallUs', peer: 'hand-written', times: 0.5 }],
    async play(open, items) {
      const accounts = await open();
      let next = 0;
      const round = (count: number): Promise<unknown> => {
        const end = next + count;
        const caller = async (_: unknown, at: number): Promise<void> => {
          while (next < end) {
            const n = next++;
            await accounts.pay(isNew ? `new ${n}` : `of caller ${at}`, 1);
          }
        };
        return Promise.all(Array.from({ length: CALLERS }, caller));
      };
      await round(Math.min(500, items));
      const figures = await timedOnce(items, () => round(items));
      await accounts.close();
      return figures;
    },
  };
}
