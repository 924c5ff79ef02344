import { inject } from 'vitest';
import type { NextVersion } from './fixture-app.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Set by the projects of vitest.config.ts: `npm test` runs the newest Next, `npm run test:long` the one before. */
    readonly nextVersion: NextVersion;
  }
}

export const version = inject('nextVersion');
export const versionTitle = version === 'next' ? 'Next 16' : 'Next 15';
