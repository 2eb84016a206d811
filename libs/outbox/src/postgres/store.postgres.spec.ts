import { storeContract } from '../store/store.contract.js';
import { postgresHarness } from './postgres.harness.contract.js';

storeContract('postgres', postgresHarness());
