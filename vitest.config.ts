import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@typeclip/source'] },
  ssr: { resolve: { conditions: ['@typeclip/source', 'node', 'import', 'default'] } },
  test: {
    include: ['src/**/*.test.ts', 'app/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    reporters: ['default', './test/reporter.ts'],
    testTimeout: 60_000,
    maxWorkers: 2,
  },
})
