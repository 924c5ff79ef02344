import { systemClock } from '@kms-secrets/core';
import pg from 'pg';
import { here } from './imports.ts';

export const pool: unknown = [systemClock, pg.Pool, here];
