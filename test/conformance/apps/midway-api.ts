import { close, createApp } from '@midwayjs/mock';
import type { Framework } from '@midwayjs/koa';
import * as modules from '../../../apps/midway-api/src/app.ts';
import type { AppUnderTest } from './app-under-test.ts';
import { listen } from './listen.ts';

export const midwayApi: AppUnderTest = {
  name: 'midway-api',
  async start(client) {
    const app = await createApp<Framework>({
      imports: [modules],
      moduleLoadType: 'commonjs', // with 'esm', Midway logs that this repository has no src/configuration.ts
      globalConfig: {
        kmsSecrets: { client },
        midwayLogger: { default: { transports: { console: false, file: false, error: false } } },
      },
    });
    const server = await listen(app.callback());
    return {
      url: server.url,
      async close() {
        await server.close();
        await close(app, { sleep: 1 });
      },
    };
  },
};
