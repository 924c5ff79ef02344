// @ts-check
// A setup file of Vitest: adds to each test file the marked functions that it called. See mark-functions.mjs.
import { afterAll } from 'vitest';

/** @type {Set<string>} */
const called = new Set();

Object.assign(globalThis, { recordCall: (/** @type {string} */ id) => void called.add(id) });

// oxlint-disable-next-line no-empty-pattern -- Vitest requires a destructured first parameter
afterAll(({}, { file }) => {
  Object.assign(file.meta, { called: [...called] });
});
