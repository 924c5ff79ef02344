import { kmsSecrets } from '@kms-secrets/express';
console.log(kmsSecrets, process.env['PORT']);
