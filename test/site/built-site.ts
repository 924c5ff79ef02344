import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const docs = join(root, 'docs');
export const output = join(docs, '.vitepress/dist');
/** The path of the site at its host. */
export const base = '/kms-secrets';

/** Builds the whole site, with the API reference. Rejects with the output of the build if it fails. */
export async function buildSite(): Promise<void> {
  const scripts = [
    ['.vitepress/generate/generate.mjs'],
    [join(docs, 'node_modules/vitepress/bin/vitepress.js'), 'build'],
  ];
  for (const script of scripts) {
    const child = spawn(process.execPath, script, { cwd: docs, env: { ...process.env, NO_COLOR: '1' } });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    if (child.exitCode !== 0) throw new Error(`The build of the site failed:\n${text}`);
  }
}

/** The paths of the pages, as in links: `/`, `/zh/start/node`. */
export function builtPages(): readonly string[] {
  const files = readdirSync(output, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));
  return files
    .filter((file) => file !== '404.html')
    .map((file) => `/${file.replace(/(?:(^|\/)index)?\.html$/u, '$1')}`)
    .toSorted();
}

/** The file that GitHub Pages sends for a path. */
export function fileOf(path: string): string | undefined {
  const file = join(output, path);
  const candidates = path.endsWith('/') ? [join(file, 'index.html')] : [file, `${file}.html`];
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

export interface SiteServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the built site as GitHub Pages does: a page without `.html` in its path, and 404.html for unknown paths. */
export async function serveSite(): Promise<SiteServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = decodeURIComponent(pathname);
    const file = path.startsWith(`${base}/`) ? fileOf(path.slice(base.length)) : undefined;
    const sent = file ?? join(output, '404.html');
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': types[extname(sent)] ?? 'application/octet-stream',
    });
    response.end(readFileSync(sent));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}${base}`,
    close: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
