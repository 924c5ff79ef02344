import '../../support/native-packages.ts';
import { createApp } from '../../../apps/egg-api/src/app.ts';
import type { AppUnderTest } from './app-under-test.ts';
import { listen } from './listen.ts';

export const eggApi: AppUnderTest = {
  name: 'egg-api',
  async start(client) {
    const app = await createApp(client);
    const server = await listen(app.callback());
    const close = async (): Promise<void> => {
      await server.close();
      await app.close();
    };
    return { url: server.url, close };
  },
};
