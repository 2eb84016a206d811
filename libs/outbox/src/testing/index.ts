// What tests of durable channels need; nothing here is loaded in production.

export { MemoryStore, type MemoryStoreOptions, memoryStore, memoryTransaction } from './memory.store.js';
export { MemoryTransaction } from './memory/memory.transaction.js';
