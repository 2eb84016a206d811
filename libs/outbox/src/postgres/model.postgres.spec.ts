import { storeModel } from '../store/store.model.contract.js';
import { postgresHarness } from './fixtures/postgres.harness.js';

// The model looks everywhere at each claim. A death takes a second here, so that the programs are few.
storeModel('postgres', postgresHarness({}, { scanMs: 0, share: 1_000 }), { runs: 12, timeoutMs: 300_000 });
