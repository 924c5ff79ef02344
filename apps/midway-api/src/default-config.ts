import { randomUUID } from 'node:crypto';
import type { MidwayConfig } from '@midwayjs/core';

export const defaultConfig: MidwayConfig = {
  keys: randomUUID(), // Midway requires it to sign cookies. This service has none.
};
