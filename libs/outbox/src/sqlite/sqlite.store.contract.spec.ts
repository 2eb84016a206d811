import { storeContract, type StoreHarness } from '../store/store.contract.js';
import { storeModel } from '../store/store.model.contract.js';
import { FileBench } from './fixtures/bench.js';
import { driversHere } from './fixtures/drivers.js';

for (const driver of driversHere()) {
  const harness: StoreHarness = {
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
  };
  storeContract(`sqlite (${driver})`, harness);
  storeModel(`sqlite (${driver})`, harness);
}
