// `@kms-secrets/next` for browsers (condition `browser` in package.json). Next fails the build at this import, and shows the modules
// that lead to it. The entry of the server has no such import, so that a test can load it in Node.
import 'server-only';
