// @ts-check
// The part of the AWS SDK 2 that aws-secrets-manager-cache uses, with a configurable upstream in place of AWS.

export class SecretsManager {
  /** @param {{ fetchText?: (name: string) => Promise<string> }} [upstream] the cache also creates a client without one, which it does not use */
  constructor({ fetchText } = {}) {
    this.fetchText = fetchText;
  }

  /** @param {{ SecretId: string }} input */
  getSecretValue({ SecretId }) {
    return { promise: async () => ({ SecretString: await this.fetchText?.(SecretId) }) };
  }
}
