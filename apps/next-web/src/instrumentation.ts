import { register as registerSecrets } from '@kms-secrets/next/setup';

/** Endpoints and credentials come from secretsmanager.properties in the working directory, or from the environment. */
export async function register(): Promise<void> {
  await registerSecrets({ logger: console });
}
