// @ts-check
// The servers in their own process, so that their CPU time is not attributed to the client.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import { importInternal } from './import-internal.mjs';
import { startLeanKms } from './lean-kms.mjs';
import { serve } from '../support/processes.mjs';

const kms = await startFakeKms({ quota: false });
kms.put('app/secret-0', 's3cret-'.padEnd(300, '.'));
const { processPki } = await importInternal('@kms-secrets/testing', 'fake-kms/certificates/pki.ts');
const pki = processPki();
const lean = await startLeanKms(pki.certificates.get('valid'));
const directory = mkdtempSync(join(tmpdir(), 'bench-'));
const caFilePath = join(directory, 'ca.pem');
writeFileSync(caFilePath, pki.caPem);
const { accessKey } = kms;

serve(
  {
    endpoint: kms.endpoint('cn-hangzhou').endpoint,
    caFilePath: kms.caFilePath,
    caPem: kms.caPem,
    accessKey,
    lean: { endpoint: lean.endpoint, caFilePath, caPem: pki.caPem, accessKey },
  },
  (command) => {
    if (command === 'keep connections') lean.setKeepAlive(true);
    if (command === 'close connections') lean.setKeepAlive(false);
    return lean.handshakes();
  },
  async () => {
    lean.close();
    rmSync(directory, { recursive: true });
    await kms.close();
  },
);
