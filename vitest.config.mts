import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Each file in a process of its own: the addon is loaded anew, and a crash names the file.
    pool: 'forks',
    testTimeout: 30_000,
    typecheck: {
      include: ['test/**/*.test-d.ts'],
      tsconfig: 'tsconfig.test.json',
    },
    coverage: {
      include: ['lib/**/*.ts'],
      exclude: ['lib/**/*.mts'],
      reporter: ['text', 'json-summary'],
    },
  },
});
