/**
 * The format versions of stored entries that this release reads. It writes the first one.
 *
 * The release that introduces a version adds it at the end; the release after it moves it to the front. So no release writes
 * what the one before it cannot read; see docs/store-format.md.
 */
export const formatVersions: readonly [number, ...number[]] = [1];
