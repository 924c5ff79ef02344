// @ts-check
// The other side, in a process of its own, so that its work is not counted as the client's.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import { startLeanKms } from './lean-kms.mjs';
import { partOf } from './part.mjs';
import { answer } from '../support/processes.mjs';

const kms = await startFakeKms({ quota: false });
kms.put('app/secret-0', 's3cret-'.padEnd(300, '.'));
const { processPki } = await partOf('@kms-secrets/testing', 'fake-kms/certificates/pki.ts');
const pki = processPki();
const lean = await startLeanKms(pki.certificates.get('valid'));
const directory = mkdtempSync(join(tmpdir(), 'bench-'));
const caFilePath = join(directory, 'ca.pem');
writeFileSync(caFilePath, pki.caPem);
const { accessKey } = kms;

answer(
  {
    endpoint: kms.endpoint('cn-hangzhou').endpoint,
    caFilePath: kms.caFilePath,
    caPem: kms.caPem,
    accessKey,
    lean: { endpoint: lean.endpoint, caFilePath, caPem: pki.caPem, accessKey },
  },
  (question) => {
    if (question === 'keep connections') lean.keepsConnections(true);
    if (question === 'close connections') lean.keepsConnections(false);
    return lean.handshakes();
  },
  async () => {
    lean.close();
    rmSync(directory, { recursive: true });
    await kms.close();
  },
);
