/** Set by scripts/bundle.mjs. Sources have no version. */
declare const KMS_SECRETS_VERSION: string;

/** A copy of this package in the process. Its errors, secrets, snapshots and clients refer to it. */
interface PackageCopy {
  /** `undefined` for the sources. */
  readonly version: string | undefined;
  /** Versions of other copies that the process was warned of. */
  readonly warnedOf: Set<string>;
  /** The path or URL of its code, if a stack trace shows it. */
  location(): string | undefined;
}

/** The property by which instances refer to their copy. A registered symbol, which all copies share. */
const brand: unique symbol = Symbol.for('@kms-secrets/core.copy');

const thisCopy: PackageCopy = Object.freeze({
  version: typeof KMS_SECRETS_VERSION === 'string' ? KMS_SECRETS_VERSION : undefined,
  warnedOf: new Set<string>(),
  // From a stack trace, because import.meta has no form in CommonJS.
  location: () => /(?:file:\/\/.|\/|[A-Z]:[\\/]).*(?=:\d+:\d+)/u.exec(new Error('location').stack ?? '')?.[0],
});

/** Marks the instances of a class. Not enumerable, so that a printed object does not show it. */
export function markInstances(prototype: object, copy: PackageCopy = thisCopy): void {
  Object.defineProperty(prototype, brand, { value: copy });
}

/**
 * Emits one warning per process and pair of versions if `value` is of a copy with another version. Copies of the same version
 * work together: bundlers and the module registries of test runners make them.
 */
export function warnOfOtherVersion(value: object, own: PackageCopy = thisCopy): void {
  const other: unknown = Reflect.get(value, brand);
  if (other === own || own.version === undefined || !isPackageCopy(other) || other.version === undefined) return;
  const isReported = own.warnedOf.has(other.version) || other.warnedOf.has(own.version);
  if (other.version === own.version || isReported) return;
  own.warnedOf.add(other.version);
  const copies = [own, other].map((copy) => `  - ${copy.version}: ${copy.location() ?? 'unknown location'}`);
  // oxlint-disable-next-line no-restricted-globals -- writes only; a type guard has no options
  process.emitWarning(
    `Two versions of @kms-secrets/core are in use in this process:\n${copies.join('\n')}\nEach has its own classes, and fixes of one are missing in the other. Run \`npm ls @kms-secrets/core\`, update the @kms-secrets packages together, then run \`npm dedupe\`.`,
    { type: 'KmsSecretsWarning', code: 'KMS_SECRETS_TWO_VERSIONS' },
  );
}

function isPackageCopy(value: unknown): value is PackageCopy {
  if (typeof value !== 'object' || value === null) return false;
  const { warnedOf, location } = value as Partial<PackageCopy>; // checked below
  return typeof warnedOf?.has === 'function' && typeof location === 'function';
}
