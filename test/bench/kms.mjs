// @ts-check
// The other side, in a process of its own, so that its work is not counted as the client's.
import { startFakeKms } from '@kms-secrets/testing';
import { builtFile } from './built.mjs';
import { startLeanKms } from './lean-kms.mjs';
import { answer } from '../support/processes.mjs';

const kms = await startFakeKms({ quota: false });
kms.put('app/secret-0', 's3cret-'.padEnd(300, '.'));
// The same certificates as the fake's, so that one file of authorities does for both.
const { processTrust } = await builtFile('@kms-secrets/testing', 'fake-kms/certificates/trust.js');
const lean = await startLeanKms(processTrust().certificates.get('right'));

answer(
  {
    endpoint: kms.endpoint('cn-hangzhou').endpoint,
    leanEndpoint: lean.endpoint,
    caFilePath: kms.caFilePath,
    caPem: kms.caPem,
    accessKey: kms.accessKey,
  },
  (question) => {
    if (question === 'keep connections') lean.keepsConnections(true);
    if (question === 'close connections') lean.keepsConnections(false);
    return lean.handshakes();
  },
  async () => {
    lean.close();
    await kms.close();
  },
);
