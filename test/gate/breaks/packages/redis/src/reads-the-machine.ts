export const begun = performance.now(); // breaks eslint(no-restricted-globals): from the Clock
setTimeout(() => begun, 1); // breaks eslint(no-restricted-globals): timers of the Clock
setInterval(() => 1, 1); // breaks eslint(no-restricted-globals): timers of the Clock
setImmediate(() => 1); // breaks eslint(no-restricted-globals): timers of the Clock
export const url = process.env['REDIS_URL']; // breaks node(no-process-env): process.env
console.log(url); // breaks eslint(no-console): console
