import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/**
 * Five projects, one command. `npx vitest --project unit` is the inner loop; `npm test` runs them all.
 *
 * Tests of the rooms and of the house run from the sources. Snippets and the package are tested as a user gets them: built.
 */
export default defineConfig({
  resolve: {
    // The longer name first: an alias matches by prefix.
    alias: [
      { find: '@nestjs-workers/core/testing', replacement: path('libs/workers/src/testing/index.ts') },
      { find: '@nestjs-workers/core', replacement: path('libs/workers/src/index.ts') },
    ],
  },
  // Said here once more because vite looks for a file's own tsconfig and finds none that includes the specs.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['libs/**/*.spec.ts'], exclude: ['**/node_modules/**', '**/dist/**'] },
      },
      {
        extends: true,
        // These boot applications, threads and child processes; on two busy cores that takes its time.
        test: { name: 'house', include: ['test/{promises,e2e,properties}/**/*.spec.ts'], testTimeout: 30_000 },
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
