import { join } from 'node:path';
import { withKmsSecrets } from '@kms-secrets/next/setup';

export default withKmsSecrets({
  // A secret name may end in `/`.
  skipTrailingSlashRedirect: true,
  poweredByHeader: false,
  turbopack: { root: join(import.meta.dirname, '../..') },
  outputFileTracingRoot: join(import.meta.dirname, '../..'),
});
