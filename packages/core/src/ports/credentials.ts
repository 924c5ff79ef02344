/** Who signs a request. `accessKeySecret` and `securityToken` are secrets: never log a value of this type. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Only with temporary (STS) credentials. */
  readonly securityToken?: string | undefined;
}

/**
 * Hands out the credentials to sign with; asked before every request.
 *
 * Any client or provider of `@alicloud/credentials` fits as it is. One of your own may refuse by throwing: a `FetchFailure`
 * says what that means; anything else counts as an endpoint that cannot be reached, so the old value is served.
 */
export interface CredentialsProvider {
  getCredential(): Promise<{
    accessKeyId?: string;
    accessKeySecret?: string;
    securityToken?: string;
  }>;
  /**
   * Called when KMS says of credentials from here that they have ended or do not exist. `true`: others may be had by asking
   * again, which is then done once.
   */
  discard?(accessKeyId: string): boolean;
}

/** An RSA key that KMS has handed out for an application access point: who signs where there is no access key. */
export interface ClientKey {
  /** The key's public name at KMS, such as `KAAP.11111111-2222-3333-4444-555555555555`. */
  readonly keyId: string;
  /** Milliseconds since 1970, if the certificate could be read. */
  readonly expiresAt: number | undefined;
  /** The signature over the text's UTF-8 bytes: base64 of RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2). */
  sign(text: string): Promise<string>;
}
