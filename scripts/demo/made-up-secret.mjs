// @ts-check
import { createHash, randomUUID } from 'node:crypto';

/** A secret with values made up for this run. They are never printed: two are told apart by their hashes. */
export class MadeUpSecret {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.sha256 = '';
  }

  /** A value that it had never before; from now on `sha256` is that value's. */
  nextValue() {
    const value = `s3cret-${randomUUID()}`;
    this.sha256 = createHash('sha256').update(value).digest('hex');
    return value;
  }
}
