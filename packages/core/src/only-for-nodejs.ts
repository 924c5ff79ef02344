// What this package is to a bundler that builds for a browser or for an edge runtime (conditions `browser` and `edge-light` in
// package.json). It exports nothing, so that the build fails where a name is imported; where it does not, this is said.
// Without it, bundlers stumble over `node:fs` somewhere inside, and name neither the import nor the reason.

throw new Error(
  '@kms-secrets/core reads secrets on the Node.js server, and was imported into code for a browser or an edge runtime. ' +
    'Import it in server code only, and hand the browser what you made of a secret, never the secret; ' +
    "in Next.js, remove `export const runtime = 'edge'` from the route.",
);
