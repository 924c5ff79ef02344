// @ts-check
import { createHash, randomUUID } from 'node:crypto';

/** A secret with random values. The values are never printed; the demo compares their hashes. */
export class DemoSecret {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    /** The hash of the current value. */
    this.sha256 = '';
  }

  /** Generates a new value, which becomes the current one. */
  nextValue() {
    const value = `s3cret-${randomUUID()}`;
    this.sha256 = createHash('sha256').update(value).digest('hex');
    return value;
  }
}
