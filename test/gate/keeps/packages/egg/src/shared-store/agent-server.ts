import { systemClock } from '@kms-secrets/core';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
export const AgentServer = [systemClock, mkdtemp, createServer];
