import { describeAdapter } from '@kms-secrets/testing/contracts';
import { apps } from './apps.ts';

for (const { name, start } of apps) describeAdapter(name, start);
