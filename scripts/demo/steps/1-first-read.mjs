// @ts-check
import { formatMs } from '../output.mjs';
import { assert } from '../step.mjs';

/** @type {import('../step.mjs').Step} */
export const firstRead = {
  title: 'First read: each service fetches the secret from KMS over HTTPS',

  async run({ kms, services, secret, output }) {
    const rows = [];
    for (const service of services) {
      const startedAt = performance.now();
      const { status, code, versionId = '', sha256 } = await service.read(secret.name);
      const ms = performance.now() - startedAt;
      assert(status === 200, `${service.name} responded with ${status} ${code ?? ''} to the first read.`);
      assert(sha256 === secret.sha256, `${service.name} returned a value that differs from the one in KMS.`);
      rows.push([service.name, formatMs(ms), `${versionId.slice(0, 8)}…`, `${sha256.slice(0, 8)}…`]);
    }
    output.table(['service', 'latency', 'version', 'SHA-256'], rows);

    const requests = (await kms.requests()).filter(({ secretName }) => secretName === secret.name);
    const signed = requests.filter(({ status, protocol }) => status === 200 && protocol === 'acs3');
    assert(
      requests.length === services.length && signed.length === services.length,
      `KMS received ${requests.length} requests for the secret, ${signed.length} of them with a valid signature.`,
    );
    const handshakes = await kms.handshakes();
    assert(handshakes > 0, 'KMS received requests without TLS.');
    return `First read: ${services.length} services return the value in KMS; ${signed.length} requests, all signed (ACS3-HMAC-SHA256, verified TLS)`;
  },
};
