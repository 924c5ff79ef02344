// @ts-check
// What aws-secrets-manager-cache asks of the AWS SDK 2, with an upstream of the bench's choice in place of a cloud.

export class SecretsManager {
  /** @param {{ fetchText?: (name: string) => Promise<string> }} [upstream] it makes one without, too, and throws it away */
  constructor({ fetchText } = {}) {
    this.fetchText = fetchText;
  }

  /** @param {{ SecretId: string }} input */
  getSecretValue({ SecretId }) {
    return { promise: async () => ({ SecretString: await this.fetchText?.(SecretId) }) };
  }
}
