import { register as registerSecrets } from '@kms-secrets/next/setup';

/** Endpoints and credentials come from secretsmanager.properties in the working directory, or from the environment. */
export async function register(): Promise<void> {
  if (process.env['NEXT_RUNTIME'] === 'nodejs') {
    const { delayShutdown } = await import('./shutdown.ts');
    delayShutdown(process.env['SHUTDOWN_DELAY_MS'] ?? '5000');
  }
  await registerSecrets({ logger: console });
}
