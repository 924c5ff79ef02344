import { systemClock } from '@kms-secrets/core';
import { createPool } from 'mysql2';
import { here } from './imports.ts';

export const pool: unknown = [systemClock, createPool, here];
