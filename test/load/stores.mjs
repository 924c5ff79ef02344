// @ts-check

/**
 * What outlives the process, by the name of the configuration: the options that make a client use it. `place` is where it is
 * kept, the same for all clients of a run and for no other run: a new folder, or the address that a fleet was started with.
 * @type {Readonly<Record<string, (place: string) => Partial<import('@kms-secrets/core').SecretClientOptions>>>}
 */
export const storesBy = {
  none: () => ({}),
};
