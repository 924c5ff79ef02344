setTimeout(() => 1, 1); // breaks eslint(no-restricted-globals): An adapter has no timers
setInterval(() => 1, 1); // breaks eslint(no-restricted-globals): An adapter has no timers
setImmediate(() => 1); // breaks eslint(no-restricted-globals): An adapter has no timers
export const region = process.env['REGION']; // breaks node(no-process-env): process.env
console.log(region); // breaks eslint(no-console): console
