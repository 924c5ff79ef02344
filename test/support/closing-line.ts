import type { Reporter, TestModule } from 'vitest/node';

/** Prints a last line that is easy to parse: `N passed, N failed, N skipped`. */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<unknown>): void {
    const counts = count(modules);
    const failed = counts.failed + errors.length;
    // At exit, because the default reporter prints its summary after this.
    process.on('exit', () => console.log(`${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped`));
  }
}

/** Counts tests by result. A file that could not be loaded, or whose setup failed, has no failed test; it counts as one. */
function count(modules: ReadonlyArray<TestModule>): { passed: number; failed: number; skipped: number } {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    const before = counts.failed;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      counts[state === 'passed' || state === 'failed' ? state : 'skipped'] += 1;
    }
    if (module.state() === 'failed' && counts.failed === before) counts.failed += 1;
  }
  return counts;
}
