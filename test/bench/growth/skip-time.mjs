// @ts-check
// Import this before anything reads the time.
const now = Date.now.bind(Date);
let skipped = 0;
Date.now = () => now() + skipped;

/**
 * Lets time pass for the clock of the client, as if the machine had been suspended for `ms` milliseconds. A clock of its own would be
 * another class than the one that is measured.
 * @param {number} ms
 */
export function skipTime(ms) {
  skipped += ms;
}
