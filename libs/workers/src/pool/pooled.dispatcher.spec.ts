import { dispatcherContract } from '../dispatch/dispatcher.contract.js';
import type { Desk } from '../dispatch/desk.js';
import type { DispatchPlan, DispatchSite } from '../dispatch/dispatcher.js';
import { Contracted } from '../dispatch/fixtures/contracted.worker.js';
import { SystemClock } from '../lifecycle/clock.js';
import { Announcer } from '../observe/announcer.js';
import { inProcess } from '../process/in.process.js';
import { inThread } from '../thread/in.thread.js';
import { v8Serializer } from '../wire/v8.serializer.js';
import { FROM_SOURCES } from '../../../../test/support/sources.js';

const common = { execArgv: FROM_SOURCES, concurrency: 4 };
const PLANS: Record<string, DispatchPlan> = {
  thread: inThread(common),
  process: inProcess(common),
  'process, at a named socket': inProcess({ ...common, meet: 'named' }),
  'process, structured clone': inProcess({ ...common, serializer: v8Serializer() }),
};

for (const [name, plan] of Object.entries(PLANS))
  dispatcherContract(name, (site) => plan.create(placed(site)), { isShared: true });

/** The contract's site, with where its handler is found. */
function placed(site: DispatchSite): DispatchSite {
  return {
    ...site,
    elsewhere: {
      kind: 'worker',
      target: Contracted,
      file: new URL('../dispatch/fixtures/contracted.worker.ts', import.meta.url).href,
      info: { name: site.name, in: 'given', out: undefined, concurrency: 1, timeoutMs: undefined },
      payloadType: undefined,
      channels: () => ['given'],
      defaults: {},
      desk: DESK,
      clock: new SystemClock(),
      announcer: new Announcer(),
      around: undefined,
    },
  };
}

const DESK: Desk = {
  serve: () => Promise.reject(new Error('Not used here')),
  leave: () => {},
  forget: () => {},
  put: () => {},
  stats: () => ({ state: 'running', channels: {}, workers: {}, tickers: {}, relays: {} }),
  log: () => {},
  said: () => {},
  reply: ({ reply }, value) => void reply?.answer(value),
};
