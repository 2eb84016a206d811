import { storeContract } from '../store/store.contract.js';
import { postgresHarness } from './fixtures/postgres.harness.js';

storeContract('postgres', postgresHarness());
