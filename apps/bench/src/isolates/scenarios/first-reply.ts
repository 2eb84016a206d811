import { treeCpuNs } from '../../pass/tree.js';
import { median } from '../../round/median.js';
import type { Figures, Scenario } from '../../suite/scenario.js';
import type { OpenCrew } from '../crew.js';
import { note } from '../payloads.js';
import type { Framing } from './small.js';

/** From nothing to the first answer. What is imported in the host is there already; what the isolate imports is not. */
export function firstReply({ frames }: Pick<Framing, 'frames'>): Scenario<OpenCrew> {
  return {
    name: 'first-reply',
    title: 'Start to first reply',
    about:
      'One isolate is started, asked once and closed; until its answer is there. The median of the starts in one process.',
    items: 5,
    needs: ['isolate'],
    measures: [
      { key: 'wallMs', title: 'wall ms', digits: 0 },
      { key: 'cpuMs', title: 'CPU ms', digits: 0 },
    ],
    frames,
    bars: [],
    async play(open, items) {
      const starts: Figures[] = [];
      for (let start = 0; start < items; start++) starts.push(await started(open));
      const of = (key: string) => median(starts.map((figures) => figures[key]!));
      return { items, wallMs: of('wallMs'), cpuMs: of('cpuMs') };
    },
  };
}

async function started(open: OpenCrew): Promise<Figures> {
  const cpu = treeCpuNs();
  const began = performance.now();
  const crew = await open({ task: 'echo', isolates: 1, isHandingOver: false });
  await crew.request(note(0));
  const wallMs = performance.now() - began;
  const cpuMs = (treeCpuNs() - cpu) / 1e6;
  await crew.close();
  return { wallMs, cpuMs };
}
