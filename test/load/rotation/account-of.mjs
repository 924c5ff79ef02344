// @ts-check

/** @typedef {{ AccountName: string; AccountPassword: string }} Account */

/** Reads the account of a secret, as services do by hand. @param {Pick<import('./pools.mjs').PoolTask, 'secrets' | 'secret'>} task */
export async function accountOf({ secrets, secret }) {
  const { AccountName: user, AccountPassword: password } = /** @type {Account} */ ((await secrets.get(secret)).json());
  return { user, password };
}
