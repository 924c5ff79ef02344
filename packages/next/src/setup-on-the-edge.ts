/**
 * What `@kms-secrets/next/setup` is on the edge runtime, for which Next builds instrumentation.ts too where an app has anything
 * on the edge: there are no secrets there, and nothing to set up.
 */
export async function register(): Promise<void> {}
