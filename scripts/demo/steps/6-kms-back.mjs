// @ts-check
import { untilFresh } from '../fresh.mjs';
import { seconds } from '../narrator.mjs';

/** @type {import('../step.mjs').Step} */
export const kmsBack = {
  title: 'KMS is back, with a value that was rotated meanwhile',

  async play({ kms, services, secret, narrator, signal }) {
    await kms.rotate(secret.name, secret.nextValue());
    await kms.comeBack();
    narrator.detail('asking until the new value is there, and no longer marked as old');
    const fresh = await untilFresh({ services, secret, signal });
    narrator.table(
      ['service', 'new and fresh after'],
      services.map(({ name }, index) => [name, seconds(fresh[index] ?? Number.NaN)]),
    );
    return 'the new value, fresh; nobody did anything about it';
  },
};
