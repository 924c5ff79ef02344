import { createHash } from 'node:crypto';

/** What an app answers instead of this value. */
export function sha256(value: string): string {
  return createHash('sha256').update(value, 'utf8').digest('hex');
}
