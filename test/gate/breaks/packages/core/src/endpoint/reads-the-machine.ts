export const now = Date.now(); // breaks eslint(no-restricted-properties): from the Clock
export const today = new Date(); // breaks syntax(no-restricted-syntax): from the Clock
export const dice = Math.random(); // breaks eslint(no-restricted-properties): Clock.random()
export const pid = process.pid; // breaks eslint(no-restricted-globals): as an option
setTimeout(() => now, 1); // breaks eslint(no-restricted-globals): timers of the Clock
