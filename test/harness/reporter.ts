import type { Reporter, TestModule, Vitest } from 'vitest/node';

/**
 * Makes `N passed, N failed` the last line that a run prints. Whoever counts by this line must not be misled, so
 * everything that is not a passed test is a failed one: skipped and unfinished tests, files and hooks that could not
 * run, errors outside of any test.
 */
export default class LastLine implements Reporter {
  private passed = 0;
  private failed = 0;
  /** With `-t` the rest is skipped on purpose. */
  private isSelective = false;

  onInit(vitest: Vitest): void {
    this.isSelective = vitest.config.testNamePattern !== undefined;
    process.once('exit', (code) => {
      // The build before the tests can fail too, and a filter can match no test.
      if (this.failed === 0 && code !== 0) this.failed = 1;
      if (this.failed > 0 && code === 0) process.exitCode = 1;
      process.stdout.write(`${this.passed} passed, ${this.failed} failed\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.passed = 0;
    this.failed = unhandledErrors.length;
    for (const module of modules) {
      this.failed += module.errors().length;
      for (const suite of module.children.allSuites()) this.failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') this.passed += 1;
        else if (state !== 'skipped' || !this.isSelective) this.failed += 1;
      }
    }
  }
}
