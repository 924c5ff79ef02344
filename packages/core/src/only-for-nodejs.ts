// Bundlers load this file instead of the package for a browser or an edge runtime (conditions `browser` and `edge-light` in
// package.json). It exports nothing, so that the build fails at a named import; for other imports it throws at runtime. Without
// it, a bundler would fail at `node:fs` inside the package, and name neither the import nor the reason.

throw new Error(
  '@kms-secrets/core was imported into code for a browser or an edge runtime, but it runs only in Node.js. ' +
    'Import it in server code, and never send a secret to the browser. ' +
    "In Next.js, remove `export const runtime = 'edge'` from the route.",
);
