setTimeout(() => 1, 1); // breaks eslint(no-restricted-globals): An adapter keeps no time
setInterval(() => 1, 1); // breaks eslint(no-restricted-globals): An adapter keeps no time
setImmediate(() => 1); // breaks eslint(no-restricted-globals): An adapter keeps no time
export const region = process.env['REGION']; // breaks node(no-process-env): process.env
console.log(region); // breaks eslint(no-console): console
