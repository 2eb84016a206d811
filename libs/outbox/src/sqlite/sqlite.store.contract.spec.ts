import { storeContract } from '../store/store.contract.js';
import { FileBench } from './fixtures/bench.js';
import { driversHere } from './fixtures/drivers.js';

for (const driver of driversHere())
  storeContract(`sqlite (${driver})`, {
    fresh: async () => {
      const bench = await FileBench.make(driver);
      return {
        store: bench.newStore(),
        isSynchronous: true,
        another: async () => bench.newStore(),
        transaction: () => bench.begin(),
        elapse: (ms) => bench.elapse(ms),
        killHost: ({ host }) => bench.kill(host),
        close: () => bench.close(),
      };
    },
  });
