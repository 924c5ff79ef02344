// @ts-check
// What Powertools asks of the AWS SDK 3, with an upstream of the bench's choice in place of a cloud.

/**
 * @public
 * Called with `new`, as a command of the SDK is; so are all functions.
 * @param {{ SecretId: string }} input
 */
export function GetSecretValueCommand(input) {
  return { input };
}

/** @public */
export class ResourceNotFoundException extends Error {}

/** Looks like a client of the SDK to Powertools, which adds its user agent to `middlewareStack`. */
export class SecretsManagerClient {
  config = {};
  middlewareStack = { identify: () => [], addRelativeTo() {} };

  /** @param {{ fetchText: (name: string) => Promise<string> }} upstream */
  constructor({ fetchText }) {
    this.fetchText = fetchText;
  }

  /** @param {{ input: { SecretId: string } }} command */
  async send({ input }) {
    return { SecretString: await this.fetchText(input.SecretId) };
  }
}
