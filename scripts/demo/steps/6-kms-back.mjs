// @ts-check
import { untilFresh } from '../fresh.mjs';
import { seconds } from '../narrator.mjs';

/** @type {import('../step.mjs').Step} */
export const kmsBack = {
  title: 'KMS is back, with a value that was rotated meanwhile',

  async play({ kms, service, secret, narrator, signal }) {
    await kms.rotate(secret.name, secret.nextValue());
    await kms.comeBack();
    narrator.detail('asking until the new value is there, and no longer marked as old');
    const ms = await untilFresh({ service, secret, signal });
    return `the new value, fresh, ${seconds(ms)} after KMS was back; nobody did anything about it`;
  },
};
