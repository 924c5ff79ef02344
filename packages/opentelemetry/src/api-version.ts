/** The global of each major version of `@opentelemetry/api`, in which an SDK registers itself. */
const apiSymbol = /^opentelemetry\.js\.api\.(\d+)$/u;

/** Warns if an SDK has registered itself with another major version of the API only: then no metric and no span would arrive. */
export function warnOfOtherApi(
  global: object = globalThis,
  warn: (text: string) => void = (text) => process.emitWarning(text),
): void {
  const versions = Object.getOwnPropertySymbols(global).flatMap(
    (symbol) => apiSymbol.exec(symbol.description ?? '')?.[1] ?? [],
  );
  if (versions.length === 0 || versions.includes('1')) return;
  warn(
    `@kms-secrets/opentelemetry uses @opentelemetry/api 1.x, and the SDK of this process registered version ${versions.join(', ')}: no metric and no span arrives. ` +
      'Pass meterProvider and tracerProvider of an SDK for version 1.x.',
  );
}
