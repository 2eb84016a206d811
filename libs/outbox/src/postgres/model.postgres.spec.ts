import { storeModel } from '../store/store.model.contract.js';
import { besideTheModel } from './fixtures/postgres.harness.js';

storeModel('postgres', besideTheModel, { runs: 25, timeoutMs: 300_000 });
