import type { StartApp } from '@kms-secrets/testing/contracts';

export interface AppUnderTest {
  /** The name of its folder in `apps/`. */
  readonly name: string;
  readonly start: StartApp;
}
