// `@kms-secrets/next` for the edge runtime (condition `edge-light` in package.json). It exports nothing, so the build fails at the
// line that imports a name. Where a bundler lets that pass, this error is thrown.

throw new Error(
  `@kms-secrets/next needs the Node.js runtime, and was imported on the edge runtime. Remove \`export const runtime = 'edge'\`; in middleware.ts of Next 15, set config.runtime to 'nodejs'; in Next 16, use proxy.ts instead.`,
);
