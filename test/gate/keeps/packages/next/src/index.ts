import 'server-only';
import { isSecretError } from '@kms-secrets/core';
import { headers } from 'next/headers.js';
import type { NextConfig } from 'next';
import * as react from 'react';
import { status } from './status.ts';
export const answer = (config: NextConfig, error: unknown): unknown => [config, isSecretError(error), headers, react, status];
