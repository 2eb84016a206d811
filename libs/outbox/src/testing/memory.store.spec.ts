import { storeContract, type StoreHarness } from '../store/store.contract.js';
import { memoryStore, memoryTransaction } from './memory.store.js';

const harness: StoreHarness = {
  fresh: async () => {
    let nowMs = Date.parse('2026-01-01T00:00:00Z');
    const store = memoryStore({ now: () => nowMs });
    return {
      store,
      isSynchronous: true,
      isHeardEverywhere: true,
      another: async () => store.another(),
      transaction: async () => {
        const within = memoryTransaction(store);
        return { within, commit: async () => within.commit(), rollback: async () => within.rollback() };
      },
      elapse: async (ms) => void (nowMs += ms),
      killHost: async ({ host }) => store.kill(host),
      close: () => store.close(),
    };
  },
};

storeContract('memory', harness);
