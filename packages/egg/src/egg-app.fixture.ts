import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Application, Context } from 'egg';
import { onTestFinished } from 'vitest';
import { kmsSecrets, SecretsAgent, SecretsApp } from './index.ts';
import type { SecretsConfig } from './index.ts';

/** What the files of the app read from `options`, which Egg passes on. */
interface TestOptions {
  readonly kmsSecrets: SecretsConfig;
  readonly routes: (app: Application) => void;
  readonly middleware?: (ctx: Context, next: () => Promise<unknown>) => Promise<void>;
}

export interface RunningEgg {
  readonly app: Application;
  readonly get: (path: string) => Promise<{ status: number; headers: Headers; body: unknown }>;
}

/** The plug-in as its package has it, with the classes of the sources, which Node cannot import. */
const pluginFiles = {
  'package.json': JSON.stringify({ name: 'plugin', eggPlugin: { name: 'kmsSecrets' } }),
  'app.js': `module.exports = class { constructor(app) { return new app.options.boots.SecretsApp(app); } };`,
  'agent.js': `module.exports = class { constructor(agent) { return new agent.options.boots.SecretsAgent(agent); } };`,
  'app/middleware/kms_secrets.js': `module.exports = (options, app) => app.options.boots.kmsSecrets(options);`,
};

const appFiles = {
  'package.json': JSON.stringify({ name: 'egg-app' }),
  'config/plugin.js': `
    const path = require('node:path').join(__dirname, '../plugin');
    for (const name of ['development', 'i18n', 'jsonp', 'logrotator', 'multipart', 'schedule', 'security', 'session', 'static', 'view', 'watcher'])
      exports[name] = false;
    exports.kmsSecrets = { enable: true, path };`,
  'config/config.default.js': `
    exports.keys = 'test';
    exports.middleware = ['own'];
    exports.logger = { level: 'NONE', consoleLevel: 'NONE' };`,
  'app.js': `module.exports = class {
    constructor(app) { this.app = app; }
    configWillLoad() { this.app.config.kmsSecrets = this.app.options.kmsSecrets; }
    async willReady() { this.app.preloadedAtWillReady = this.app.secrets.peek('db') !== undefined; }
  };`,
  'agent.js': `module.exports = require('./app.js');`,
  'app/middleware/own.js': `module.exports = (options, app) => app.options.middleware ?? ((ctx, next) => next());`,
  'app/router.js': `module.exports = (app) => app.options.routes(app);`,
};

type StartEgg = (options: object) => Promise<Application>;

const require = createRequire(import.meta.url);
const egg3 = require('egg-3') as { start: StartEgg };
const egg4 = require('egg') as { start: StartEgg };

/** Both majors of Egg, each with its function that starts an agent and an app in this process. */
export const majors: readonly (readonly [string, StartEgg])[] = [
  ['Egg 3', (options) => egg3.start(options)],
  ['Egg 4', (options) => egg4.start(options)],
];

/** Writes an app, starts it, and closes it after the test. */
export async function startApp(
  start: StartEgg,
  { routes = () => {}, ...options }: Partial<TestOptions> & Pick<TestOptions, 'kmsSecrets'>,
): Promise<RunningEgg> {
  const baseDir = await mkdtemp(join(tmpdir(), 'egg-app-'));
  onTestFinished(() => rm(baseDir, { recursive: true, force: true }));
  await write(baseDir, appFiles);
  await write(join(baseDir, 'plugin'), pluginFiles);
  const boots = { SecretsApp, SecretsAgent, kmsSecrets };
  const app = await start({ baseDir, boots, routes, env: 'unittest', ...options });
  const server = createServer(app.callback() as RequestListener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await app.close();
  });
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  const get: RunningEgg['get'] = async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : jsonOr(text) };
  };
  return { app, get };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}
