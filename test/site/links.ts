import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { base, fileOf } from './built-site.ts';

const root = join(import.meta.dirname, '../..');
const repository = 'https://github.com/kms-secrets/kms-secrets';

const ids = new Map<string, ReadonlySet<string>>();
function idsOf(file: string): ReadonlySet<string> {
  const known =
    ids.get(file) ??
    new Set(Array.from(readFileSync(file, 'utf8').matchAll(/ id="([^"]*)"/gu), ([, id = '']) => decode(id)));
  ids.set(file, known);
  return known;
}

const entities: Record<string, string> = { '&amp;': '&', '&quot;': '"', '&#39;': "'", '&lt;': '<', '&gt;': '>' };
const decode = (html: string): string =>
  html.replaceAll(/&(?:amp|quot|#39|lt|gt);/gu, (entity) => entities[entity] ?? entity);

/** The addresses that a page links to or loads. */
export function addressesIn(html: string): readonly string[] {
  return Array.from(html.matchAll(/<(?:a|link|script|img)\s[^>]*?\b(?:href|src)="([^"]*)"/gu), ([, address = '']) =>
    decode(address),
  );
}

/** What is wrong with an address of a page: its file, its anchor or its syntax. Other hosts are not asked. */
export function problemOf(address: string, page: string): string | undefined {
  const here = `https://kms-secrets.github.io${base}${page}`;
  if (!URL.canParse(address, here)) return 'is not a URL';
  const { origin, pathname, hash, href } = new URL(address, here);
  if (href.startsWith(`${repository}/`)) {
    const [, path] = /^\/[^/]+\/[^/]+\/(?:blob|tree)\/main\/(.*)$/u.exec(pathname) ?? [];
    return path === undefined || existsSync(join(root, decodeURIComponent(path)))
      ? undefined
      : 'is not in the repository';
  }
  if (origin !== 'https://kms-secrets.github.io') return undefined;
  if (!pathname.startsWith(`${base}/`)) return 'is outside the site';
  const file = fileOf(decodeURIComponent(pathname.slice(base.length)));
  if (file === undefined) return 'does not exist';
  const id = decodeURIComponent(hash.slice(1));
  return id === '' || idsOf(file).has(id) ? undefined : 'has an anchor that does not exist';
}
