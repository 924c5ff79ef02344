// @ts-check
import { millis } from '../narrator.mjs';
import { hold } from '../step.mjs';

/** @type {import('../step.mjs').Step} */
export const firstRead = {
  title: 'The first read goes to KMS, over signed HTTPS',

  async play({ kms, services, secret, narrator }) {
    const rows = [];
    for (const service of services) {
      const started = performance.now();
      const { status, code, versionId = '', sha256 } = await service.read(secret.name);
      const ms = performance.now() - started;
      hold(status === 200, `${service.name} answered ${status} ${code ?? ''} to the first read.`);
      hold(sha256 === secret.sha256, `The hash of ${service.name} is not that of the value that KMS holds.`);
      rows.push([service.name, millis(ms), `${versionId.slice(0, 8)}…`, `${sha256.slice(0, 8)}…`]);
    }
    narrator.table(['service', 'answered in', 'version', 'sha256'], rows);

    const requests = (await kms.requests()).filter(({ secretName }) => secretName === secret.name);
    const signed = requests.filter(({ status, protocol }) => status === 200 && protocol === 'acs3');
    hold(
      requests.length === services.length && signed.length === services.length,
      `KMS saw ${requests.length} requests for it, ${signed.length} of them signed as they must be.`,
    );
    const handshakes = await kms.handshakes();
    hold(handshakes > 0, 'KMS was asked without TLS.');
    return `right values; KMS checked one request of each (ACS3-HMAC-SHA256, TLS with its own CA)`;
  },
};
