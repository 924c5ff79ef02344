import { AsyncLocalStorage } from 'node:async_hooks';

// As Next's server does before it loads anything else: Next's modules take the class from the global object when they are loaded,
// and the test files of one worker share these modules.
Object.assign(globalThis, { AsyncLocalStorage });
