import { createHash } from 'node:crypto';

/** The hash that an app returns in place of this value. */
export function sha256(value: string): string {
  return createHash('sha256').update(value, 'utf8').digest('hex');
}
