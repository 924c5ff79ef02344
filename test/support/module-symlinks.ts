import { statSync } from 'node:fs';

// Before each test file. If the last stat was that of a pipe or a socket, Node's module loader does not follow symbolic links
// (https://github.com/nodejs/node/issues/51142): a package would be loaded twice, once by each of its paths. Removing the data folder
// of a database, which contains a socket, is such a stat, and the files of one worker share the loader.
statSync('.');
