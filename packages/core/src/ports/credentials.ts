/** An access key, which signs requests. `accessKeySecret` and `securityToken` are secrets: never log a value of this type. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Only for temporary (STS) credentials. */
  readonly securityToken?: string | undefined;
}

/**
 * Provides the credentials that sign requests. A client of `@alicloud/credentials` is one.
 *
 * `getCredential` is called before every request; concurrent requests share one call. It may reject: a `FetchFailure` states
 * what the failure means; any other error counts as an unreachable endpoint, so stale values are served.
 */
export interface CredentialsProvider {
  getCredential(): Promise<{
    accessKeyId?: string;
    accessKeySecret?: string;
    securityToken?: string;
  }>;
  /**
   * Called when KMS rejects credentials of this provider: they have expired, do not exist, are disabled, or their signature does
   * not match. Returns whether `getCredential` may return other ones now. If so, the request is repeated once.
   */
  discard?(accessKeyId: string): boolean;
}

/** A provider of core that may hold credentials already. Returning them without a promise saves each request several. */
export interface HoldingProvider extends CredentialsProvider {
  /** Returns what `getCredential` would resolve to; `undefined` if it must be called. Never throws. */
  held?(): Credentials | undefined;
}

/** An RSA key that KMS issued for an application access point. It signs requests in place of an access key. */
export interface ClientKey {
  /** The public id of the key at KMS, such as `KAAP.11111111-2222-3333-4444-555555555555`. */
  readonly keyId: string;
  /** Milliseconds since 1970; `undefined` if the certificate cannot be read. */
  readonly expiresAt: number | undefined;
  /** Signs the UTF-8 bytes of `text`: base64 of RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2). */
  sign(text: string): Promise<string>;
}

/** Provides the client key that signs requests. */
export interface ClientKeyProvider {
  /** Called before every request. */
  getClientKey(): ClientKey;
  /** Called when KMS rejects `key`. Returns whether `getClientKey` returns another one now: the request is then repeated once. */
  discard?(key: ClientKey): boolean;
}

/** The result of a request for temporary credentials. */
export interface CredentialsRenewal {
  /** `undefined` if it succeeded. */
  readonly error: unknown;
  /** Milliseconds until the credentials in use expire; `undefined` if there are none, or if they do not expire. */
  readonly expiresIn: number | undefined;
}
