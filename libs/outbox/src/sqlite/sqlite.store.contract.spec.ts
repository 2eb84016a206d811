import { storeContract } from '../store/store.contract.js';
import { FileBench } from './fixtures/bench.js';

storeContract('sqlite', {
  fresh: async () => {
    const bench = await FileBench.make();
    return {
      store: bench.newStore(),
      isSynchronous: true,
      another: async () => bench.newStore(),
      transaction: async () => bench.begin(),
      elapse: async (ms) => bench.elapse(ms),
      killHost: async ({ host }) => bench.kill(host),
      close: () => bench.close(),
    };
  },
});
