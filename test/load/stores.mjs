// @ts-check

/**
 * What outlives the process, by the name of the configuration: the options that make a client use it. A folder of its own is
 * given to each run; whoever keeps nothing on disk leaves it alone.
 * @type {Readonly<Record<string, (directory: string) => Partial<import('@kms-secrets/core').SecretClientOptions>>>}
 */
export const storesBy = {
  none: () => ({}),
};
