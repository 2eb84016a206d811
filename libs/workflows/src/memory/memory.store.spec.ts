import { memoryStore } from '@nestjs-workers/outbox/testing';
import { describeWorkflowStore } from '../store/store.contract.js';
import { workflowStore } from './index.js';

describeWorkflowStore('memory', {
  fresh: async () => {
    let passedMs = 0;
    const outbox = memoryStore({ now: () => Date.now() + passedMs });
    return {
      outbox,
      another: () => outbox.another(),
      workflowStore,
      elapse: async (ms) => void (passedMs += ms),
      close: () => outbox.close(),
    };
  },
});
