import { describeWorkflowStore } from '../store/store.contract.js';
import { postgresHarness } from './fixtures/postgres.harness.js';

describeWorkflowStore('postgres', postgresHarness);
