// `@kms-secrets/next` for the edge runtime (condition `edge-light` in package.json). There is no such module as the one below: every
// bundler fails at it and prints its name. A missing export is only a warning in webpack, and the server then responds with 500.

// @ts-expect-error -- see above
// oxlint-disable-next-line no-restricted-imports -- see above
import '@kms-secrets/next does not run on the edge runtime. Remove the line with runtime and edge from this route. In middleware.ts of Next 15 set config.runtime to nodejs. In Next 16 rename middleware.ts to proxy.ts.';
