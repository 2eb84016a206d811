import { storeContract } from '../store/store.contract.js';
import { postgresHarness } from './fixtures/postgres.harness.js';

// As behind a pooler that lends a connection per transaction: no session, no prepared statement.
storeContract('postgres, by heartbeat,', postgresHarness({ liveness: 'heartbeat', prepare: false }));
