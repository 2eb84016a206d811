import { describeWorkflowStore } from '../store/store.contract.js';
import { sqliteHarness } from './fixtures/sqlite.harness.js';

describeWorkflowStore('sqlite', sqliteHarness);
