// `@kms-secrets/next/setup` for the edge runtime (condition `edge-light` in package.json). Next builds instrumentation.ts for the edge
// too if an app has anything there. It has every name of setup.ts, because a bundler fails at a missing one. There are no secrets
// on the edge: everything does nothing, except that a read fails.

export async function register(): Promise<void> {}
export const withKmsSecrets = <Config>(config: Config): Config => config;

export function getSecretClient(): never {
  throw new Error(
    'getSecretClient() of @kms-secrets/next needs the Node.js runtime, and was called on the edge runtime. In middleware.ts of Next 15, set config.runtime to "nodejs"; in Next 16, rename it to proxy.ts; in a route, remove `export const runtime = "edge"`; in instrumentation.ts, call it only if process.env.NEXT_RUNTIME is "nodejs".',
  );
}

const nothing = (): undefined => undefined;
const never = (): false => false;
function NotOnTheEdge(): void {}

export {
  never as isOutage,
  never as isSecret,
  never as isSecretClient,
  never as isSecretError,
  nothing as configureSecrets,
  nothing as createKeyring,
  nothing as createSecretClient,
  nothing as errorResponse,
  nothing as fileStore,
  nothing as keyValueStore,
  nothing as healthResponse,
  nothing as sdkTransport,
  NotOnTheEdge as AccessDeniedError,
  NotOnTheEdge as ClientClosedError,
  NotOnTheEdge as ConfigurationError,
  NotOnTheEdge as DeadlineExceededError,
  NotOnTheEdge as IdentityRejectedError,
  NotOnTheEdge as RequestRejectedError,
  NotOnTheEdge as Secret,
  NotOnTheEdge as SecretDisabledError,
  NotOnTheEdge as SecretError,
  NotOnTheEdge as SecretHandle,
  NotOnTheEdge as SecretNotFoundError,
  NotOnTheEdge as SecretSetError,
  NotOnTheEdge as SecretSnapshot,
  NotOnTheEdge as SecretTypeError,
  NotOnTheEdge as SecretUnavailableError,
  NotOnTheEdge as StoreError,
};
