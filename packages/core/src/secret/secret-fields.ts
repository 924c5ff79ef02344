/** The rotation settings of a managed secret. */
export interface SecretRotation {
  /** `Invalid`: rotation is enabled but KMS cannot perform it. */
  readonly state: 'Enabled' | 'Disabled' | 'Invalid';
  /** Milliseconds between rotations. */
  readonly interval: number | undefined;
  /** The last rotation, in milliseconds since 1970; `undefined` before the first one. */
  readonly lastAt: number | undefined;
  /** The next rotation, in milliseconds since 1970. Only while automatic rotation is enabled. */
  readonly nextAt: number | undefined;
}

/** What KMS returns for one version of a secret. `value` is the secret itself. */
export interface SecretFields {
  readonly name: string;
  readonly versionId: string;
  readonly value: string;
  readonly dataType: 'text' | 'binary';
  /** Default: `ACSCurrent` only. */
  readonly stages?: readonly string[] | undefined;
  /** Default: `Generic`. */
  readonly type?: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt?: number | undefined;
  /** Only for managed secrets. */
  readonly rotation?: SecretRotation | undefined;
  /** Only for managed secrets. */
  readonly extendedConfig?: Readonly<Record<string, unknown>> | undefined;
  /** The id of the KMS request that fetched it. */
  readonly requestId?: string | undefined;
  /** See `Secret.stale`. Default: `false`. */
  readonly stale?: boolean | undefined;
}
