import { perform, scenarios } from '@kms-secrets/testing/contracts';
import { describe, expect, test } from 'vitest';
import type { AppUnderTest } from '../apps/app-under-test.ts';
import { transports } from '../transports.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** For the table in docs/conformance.md. */
    played?: { readonly app: string; readonly transport: string; readonly promise: string; readonly file: string };
  }
}

/** Plays every scenario with one app over every transport. Each app has a file of its own, so that they are played side by side. */
export function playEveryScenario(app: AppUnderTest): void {
  describe.each(transports.map((each) => [each.name, each] as const))(`${app.name} over %s`, (_, transport) => {
    const titled = scenarios.map((each) => [each.promise, each] as const);
    // Its time is a fake, but its sockets are real, and a machine may be busy.
    // oxlint-disable-next-line vitest/expect-expect -- the scenario is what expects
    test.for(titled)('%s', { timeout: 20_000 }, async ([promise, scenario], { task }) => {
      task.meta.played = { app: app.name, transport: transport.name, promise, file: `${scenario.name}.ts` };

      await perform(scenario, { startApp: app.start, ...transport }, expect);
    });
  });
}
