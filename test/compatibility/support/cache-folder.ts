import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';

const workspaceRoot = join(import.meta.dirname, '../../..');

/**
 * Installed projects, downloaded Node binaries and tarballs. Outside the workspace, so that Node cannot find the workspace's
 * packages from there; one folder for each checkout, because checkouts contain different builds.
 */
export const cacheFolder: string = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'kms-secrets-compatibility',
  createHash('sha256').update(workspaceRoot).digest('hex').slice(0, 12),
);
