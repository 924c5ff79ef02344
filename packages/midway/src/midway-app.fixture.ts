import { Configuration } from '@midwayjs/core';
import type { MidwayConfig } from '@midwayjs/core';
import * as koa from '@midwayjs/koa';
import type { Application, Framework } from '@midwayjs/koa';
import { close, createApp } from '@midwayjs/mock';
import { onTestFinished } from 'vitest';
import * as secrets from './index.ts';
import type { SecretsOptions } from './index.ts';

export type Class = new () => object;

export interface AppParts {
  /** Controllers, services, and configurations of further components. */
  readonly classes?: readonly Class[];
  readonly config?: MidwayConfig;
}

@Configuration({ imports: [koa, secrets] })
class App {}

/**
 * Starts a Midway app on Koa with the component. It does not listen: tests call `app.callback()` or create a context. Closed at the
 * end of the test, unless the test has closed it.
 */
export async function startApp(
  kmsSecrets: SecretsOptions,
  { classes = [], config }: AppParts = {},
): Promise<Application> {
  const app = await createApp<Framework>({
    imports: [{ App, ...Object.fromEntries(classes.map((each) => [each.name, each])) }],
    moduleLoadType: 'commonjs', // with 'esm', Midway logs that this repository has no src/configuration.ts
    globalConfig: {
      keys: 'for-tests',
      midwayLogger: { default: { transports: { console: false, file: false, error: false } } },
      ...config,
      kmsSecrets,
    },
  });
  onTestFinished(() => stopApp(app));
  return app;
}

const stopped = new WeakSet<Application>();

export async function stopApp(app: Application): Promise<void> {
  if (stopped.has(app)) return;
  stopped.add(app);
  await close(app, { sleep: 1 });
}
