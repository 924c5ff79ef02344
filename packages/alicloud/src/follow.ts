import type { RamAccessKey } from './access-key.ts';

/** Where a client of an SDK keeps its access key. It reads it for each request, but takes no provider of keys. */
interface ClientShape {
  readonly sdk: string;
  /** The property with the object that has the fields; `undefined` if the client has them itself. */
  readonly holder: string | undefined;
  readonly id: string;
  readonly secret: string;
}

const shapes: readonly ClientShape[] = [
  { sdk: 'ali-oss', holder: 'options', id: 'accessKeyId', secret: 'accessKeySecret' },
  { sdk: 'tablestore', holder: 'config', id: 'accessKeyId', secret: 'secretAccessKey' },
  { sdk: '@alicloud/mns', holder: undefined, id: 'accessKeyID', secret: 'accessKeySecret' },
];

/** The clients that `follow` knows. */
export const followedSdks: string = [...shapes.map(({ sdk }) => sdk), '@alicloud/pop-core'].join(', ');

/** Replaces the access key of a client by properties that return the current one. Returns `false` for a client of another shape. */
export function followFields(client: object, current: () => RamAccessKey): boolean {
  for (const { holder, id, secret } of shapes) {
    const target: unknown = holder === undefined ? client : Reflect.get(client, holder);
    if (typeof target !== 'object' || target === null || !Object.hasOwn(target, id)) continue;
    define(target, id, () => current().accessKeyId);
    define(target, secret, () => current().accessKeySecret);
    return true;
  }
  return false;
}

/** Enumerable, because some clients copy their configuration for each request. */
function define(target: object, key: string, get: () => string): void {
  Object.defineProperty(target, key, { get, configurable: true, enumerable: true });
}
