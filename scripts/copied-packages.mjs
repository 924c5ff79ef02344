// @ts-check
/**
 * Packages that are copied into the bundle instead of being dependencies: small ones that every start with a configuration file
 * would load from files of their own (4 to 9 ms). Their license is appended to the file that contains them, and the bill of materials
 * lists them.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const copiedPackages = { '@kms-secrets/core': ['properties-file'] };
