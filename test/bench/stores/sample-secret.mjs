// @ts-check
export const benchKey = 'a1b2c3d4'.repeat(8);

/** A secret with a value of 1,000 bytes. @param {number} fetchedAt */
export function sampleSecret(fetchedAt) {
  return {
    name: 'app/secret-0',
    versionId: 'v1',
    stages: ['ACSCurrent'],
    type: 'Generic',
    dataType: /** @type {const} */ ('text'),
    value: 'x'.repeat(1_000),
    fetchedAt,
  };
}
