// @ts-check
// The part of the AWS SDK 3 that Powertools uses, with a configurable upstream in place of AWS.

/**
 * @public
 * Called with `new`, like a command of the SDK.
 * @param {{ SecretId: string }} input
 */
export function GetSecretValueCommand(input) {
  return { input };
}

/** @public */
export class ResourceNotFoundException extends Error {}

/** Powertools accepts this as a client of the SDK. It adds its user agent to `middlewareStack`. */
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
