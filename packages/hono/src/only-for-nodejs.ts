// `@kms-secrets/hono` for workers, edge runtimes and browsers (conditions in package.json). There is no such module as the one below:
// every bundler fails at it and prints its name. Exported, because an import without names is removed as free of side effects.

// @ts-expect-error -- see above
// oxlint-disable-next-line no-restricted-imports -- see above
export * from '@kms-secrets/hono runs on Node.js only, and this build is for workers, an edge runtime or a browser. Serve the app with @hono/node-server, or read secrets in a service on Node.js.';
