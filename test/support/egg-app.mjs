// @ts-check
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Built-in plug-ins of Egg that a test has no use for. */
const unused = [
  'development',
  'i18n',
  'jsonp',
  'logrotator',
  'multipart',
  'schedule',
  'security',
  'session',
  'static',
  'view',
  'watcher',
];

/** The files of an app of Egg: `options` of `startEgg` provides what they do. @type {(plugin: string) => Record<string, string>} */
const filesWith = (plugin) => ({
  'package.json': JSON.stringify({ name: 'egg-app', type: 'module' }),
  'config/plugin.js': `export default ${JSON.stringify({
    ...Object.fromEntries(unused.map((name) => [name, false])),
    kmsSecrets: { enable: true, path: plugin },
  })};`,
  'config/config.default.js': `export default { keys: 'test', logger: { level: 'NONE', consoleLevel: 'NONE' } };`,
  'app.js': `export default class {
    constructor(app) { this.app = app; }
    configWillLoad() { this.app.config.kmsSecrets = this.app.options.kmsSecrets; }
  }`,
  'agent.js': `export { default } from './app.js';`,
  'app/router.js': `export default (app) => app.options.routes(app);`,
});

/**
 * Starts an app of Egg in this process, with the plug-in in the folder `plugin`.
 *
 * @template {{ callback(): import('node:http').RequestListener; close(): Promise<unknown> }} App
 * @param {{
 *   startEgg: (options: object) => Promise<App>;
 *   plugin: string;
 *   kmsSecrets: object;
 *   routes: (app: App) => void;
 * }} parts
 * @returns {Promise<{ url: string; close: () => Promise<void> }>}
 */
export async function startEggApp({ startEgg, plugin, ...options }) {
  const baseDir = await mkdtemp(join(tmpdir(), 'egg-app-'));
  for (const [path, text] of Object.entries(filesWith(plugin))) {
    await mkdir(dirname(join(baseDir, path)), { recursive: true });
    await writeFile(join(baseDir, path), text);
  }
  const app = await startEgg({ baseDir, env: 'unittest', ...options });
  const server = createServer(app.callback());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address()); // a string only for a pipe
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await closed;
    await app.close();
    await rm(baseDir, { recursive: true });
  };
  return { url: `http://127.0.0.1:${port}`, close };
}
