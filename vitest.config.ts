import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/**
 * Tests whose fact is real time or the processor: they run one after the other when all others are done, because a neighbour that
 * computes would be what they measure.
 */
const TIMED = [
  'libs/workers/src/guard/*.spec.ts',
  'libs/workers/src/dispatch/inline.dispatcher.spec.ts',
  'libs/workers/src/ticker/interval.schedule.spec.ts',
  'test/isolates/a-child-does-not-outlive-its-host.spec.ts',
  'test/promises/09-every-option-has-an-effect.spec.ts',
  'test/promises/a-hundred-ticks-of-ten-milliseconds-take-one-second.spec.ts',
  'test/promises/a-million-synchronous-messages-do-not-hold-the-event-loop.spec.ts',
  'test/promises/what-went-wrong-elsewhere-goes-right-here.spec.ts',
];

/** Tests that need a real PostgreSQL, which is started once for all of them; and those of the command line, which is run as it is built. */
const STORES = ['libs/{outbox,workflows}/src/**/*.postgres.spec.ts', 'libs/outbox/src/cli/outbox.*.spec.ts'];

/**
 * Ten projects, one command. `npx vitest --project unit` is the inner loop; `npm test` runs them all.
 *
 * Tests of the rooms and of the house run from the sources. Snippets and the package are tested as a user gets them: built.
 */
export default defineConfig({
  resolve: {
    // The longer name first: an alias matches by prefix.
    alias: [
      { find: '@nestjs-workers/core/plain', replacement: path('libs/workers/src/plain.ts') },
      { find: '@nestjs-workers/core/cli', replacement: path('libs/workers/src/cli/index.ts') },
      { find: '@nestjs-workers/core/isolate', replacement: path('libs/workers/src/isolate.entry.ts') },
      { find: '@nestjs-workers/core/testing', replacement: path('libs/workers/src/testing/index.ts') },
      { find: '@nestjs-workers/core/health', replacement: path('libs/workers/src/health/index.ts') },
      { find: '@nestjs-workers/core/opentelemetry', replacement: path('libs/workers/src/opentelemetry/index.ts') },
      { find: '@nestjs-workers/core/prometheus', replacement: path('libs/workers/src/prometheus/index.ts') },
      { find: '@nestjs-workers/core/extension', replacement: path('libs/workers/src/extension.ts') },
      { find: '@nestjs-workers/core', replacement: path('libs/workers/src/index.ts') },
      { find: '@nestjs-workers/outbox/postgres', replacement: path('libs/outbox/src/postgres/index.ts') },
      { find: '@nestjs-workers/outbox/sqlite', replacement: path('libs/outbox/src/sqlite/index.ts') },
      { find: '@nestjs-workers/outbox/extension', replacement: path('libs/outbox/src/extension.ts') },
      { find: '@nestjs-workers/outbox/cli', replacement: path('libs/outbox/src/cli/index.ts') },
      { find: '@nestjs-workers/outbox/testing', replacement: path('libs/outbox/src/testing/index.ts') },
      { find: '@nestjs-workers/dashboard/cli', replacement: path('libs/dashboard/src/cli/index.ts') },
      { find: '@nestjs-workers/dashboard', replacement: path('libs/dashboard/src/index.ts') },
      { find: '@nestjs-workers/outbox', replacement: path('libs/outbox/src/index.ts') },
      { find: '@nestjs-workers/workflows/testing', replacement: path('libs/workflows/src/testing/index.ts') },
      { find: '@nestjs-workers/workflows', replacement: path('libs/workflows/src/index.ts') },
    ],
  },
  // Said here once more because vite looks for a file's own tsconfig and finds none that includes the specs.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    pool: 'forks',
    // Most tests wait for other processes, or for time; by itself vitest would leave one of two cores idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        // Files share a process and what it has loaded: to load Nest for each of them took two thirds of the time.
        test: {
          name: 'unit',
          isolate: false,
          include: ['{libs,apps}/**/*.spec.ts', 'test/page/*.spec.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', ...TIMED, ...STORES],
        },
      },
      {
        extends: true,
        test: {
          name: 'stores',
          isolate: false,
          include: STORES,
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: ['test/support/built.ts', 'test/support/postgres.setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        // Applications in this very process; so files share what it has loaded, as in `unit`.
        test: {
          name: 'promises',
          isolate: false,
          include: ['test/{promises,properties}/**/*.spec.ts'],
          exclude: ['**/node_modules/**', ...TIMED],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        // These boot applications, threads and child processes; on two busy cores that takes its time.
        test: {
          name: 'house',
          include: ['test/{e2e,simulation,isolates}/**/*.spec.ts'],
          exclude: ['**/node_modules/**', ...TIMED],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        // Applications in processes of their own, which are killed; when all others are done, because they need both cores. Half of what one
        // file does is to wait, for boots and for leases: so two go side by side.
        test: {
          name: 'crashes',
          include: ['test/crashes/*.spec.ts'],
          globalSetup: 'test/support/postgres.setup.ts',
          testTimeout: 300_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'timed',
          include: TIMED,
          testTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'snippets',
          include: ['test/snippets/*.spec.ts'],
          globalSetup: 'test/support/built.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'package',
          include: ['test/package/*.spec.ts'],
          globalSetup: 'test/support/built.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // The page as it is built, in a real browser; alone, because it also tells whether frames come in time.
        test: {
          name: 'browser',
          isolate: false,
          include: ['test/browser/*.spec.ts'],
          globalSetup: ['test/support/built.ts', 'test/support/chromium.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['{libs,test}/**/*.test-d.ts'],
            exclude: ['**/node_modules/**', '**/dist/**'],
            tsconfig: './tsconfig.json',
          },
        },
      },
    ],
  },
});
