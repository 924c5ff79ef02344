// What `@kms-secrets/next` is to a bundler that builds for the edge runtime (condition `edge-light` in package.json). It exports
// nothing, so that the build fails at the line that imports a name from it; where it does not, this is said.

throw new Error(
  `@kms-secrets/next reads secrets in the Node.js runtime, and was imported on the edge. Remove \`export const runtime = 'edge'\`; in middleware.ts of Next 15, set config.runtime to 'nodejs'; in Next 16, call it proxy.ts.`,
);
