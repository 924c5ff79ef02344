/** A secret does not hold a database account. */
export class AccountError extends Error {
  override readonly name: string = 'AccountError';
  readonly code = 'ERR_NO_ACCOUNT';
  readonly secretName: string;

  constructor(message: string, { secretName }: { readonly secretName: string }) {
    super(`${message} See https://kms-secrets.github.io/kms-secrets/errors#err_no_account`);
    this.secretName = secretName;
  }
}
