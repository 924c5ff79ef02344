import type { Clock } from '@kms-secrets/core';
export const fakeClock = (clock: Clock): Clock => clock;
