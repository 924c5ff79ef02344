// @ts-check
import { hold } from '../step.mjs';

/** @type {import('../step.mjs').Step} */
export const firstRead = {
  title: 'The first read goes to KMS, over signed HTTPS',

  async play({ kms, service, secret, narrator }) {
    const started = performance.now();
    const answer = await service.read(secret.name);
    const ms = performance.now() - started;
    hold(answer.status === 200, `The service answered ${answer.status} ${answer.code ?? ''} to the first read.`);
    narrator.detail(
      `GET ${service.path(secret.name)} → version ${answer.versionId}, sha256 ${answer.sha256?.slice(0, 12)}…`,
    );
    hold(answer.sha256 === secret.sha256, 'The hash is not that of the value that KMS holds.');

    const requests = (await kms.requests()).filter(({ secretName }) => secretName === secret.name);
    const signed = requests.filter(({ status, dialect }) => status === 200 && dialect === 'A2');
    hold(
      signed.length === 1,
      `KMS saw ${requests.length} requests for it, ${signed.length} of them signed as they must be.`,
    );
    const handshakes = await kms.handshakes();
    hold(handshakes > 0, 'KMS was asked without TLS.');
    return `right value after ${ms.toFixed(0)} ms; KMS checked 1 request (ACS3-HMAC-SHA256, TLS with its own CA)`;
  },
};
