import { createApp } from '../../../apps/nest-api/src/create-app.ts';
import type { AppUnderTest } from './app-under-test.ts';

export const nestApi: AppUnderTest = {
  name: 'nest-api',
  async start(client) {
    const app = await createApp(client, { logger: false });
    await app.listen(0, '127.0.0.1');
    return { url: await app.getUrl(), close: () => app.close() };
  },
};
