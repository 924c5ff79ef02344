export const now = Date.now(); // breaks eslint(no-restricted-properties): Clock.now()
export const dice = Math.random(); // breaks eslint(no-restricted-properties): Clock.random()
export const pid = process.pid; // breaks eslint(no-restricted-globals): comes as an option
setTimeout(() => now, 1); // breaks eslint(no-restricted-globals): Clock.sleep()
