import { runScenario, scenarios } from '@kms-secrets/testing/contracts';
import { describe, expect, test } from 'vitest';
import type { AppUnderTest } from '../apps/app-under-test.ts';
import { transports } from '../transports.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** For the table in docs/conformance.md. */
    scenarioRun?: { readonly app: string; readonly transport: string; readonly promise: string; readonly file: string };
  }
}

/** Runs every scenario with one app over every transport. Each app has its own test file, so that they run in parallel. */
export function runEveryScenario(app: AppUnderTest): void {
  describe.each(transports.map((each) => [each.name, each] as const))(`${app.name} over %s`, (_, transport) => {
    const titled = scenarios.map((each) => [each.promise, each] as const);
    // The clock is fake, but the sockets are real, and the machine may be busy.
    // oxlint-disable-next-line vitest/expect-expect -- the scenario contains the assertions
    test.for(titled)('%s', async ([promise, scenario], { task }) => {
      task.meta.scenarioRun = { app: app.name, transport: transport.name, promise, file: `${scenario.name}.ts` };

      await runScenario(scenario, { startApp: app.start, ...transport }, expect);
    });
  });
}
