import { systemClock } from '@kms-secrets/core';
import { createPool } from 'mariadb';
import { here } from './imports.ts';

export const pool: unknown = [systemClock, createPool, here];
