import { join } from 'node:path';
import { withKmsSecrets } from '@kms-secrets/next/setup';

export default withKmsSecrets({
  // A name that ends in `/` is a name; an answer is for whoever asked, and for nobody in between.
  skipTrailingSlashRedirect: true,
  poweredByHeader: false,
  turbopack: { root: join(import.meta.dirname, '../..') },
  outputFileTracingRoot: join(import.meta.dirname, '../..'),
});
