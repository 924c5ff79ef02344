import { acs3 } from './acs3.ts';
import type { Dialect, WireRequest } from './dialect.ts';
import { rpcV1ClientKey } from './rpc-v1-client-key.ts';
import { rpcV1 } from './rpc-v1.ts';

/** In the order they are tried; the last one takes whatever is left. */
const dialects: readonly Dialect[] = [acs3, rpcV1ClientKey, rpcV1];

/** The dialect a request is in: told by its headers and by how it says it is signed. */
export function dialectOf(request: WireRequest): Dialect {
  return dialects.find((dialect) => dialect.isSpokenIn(request)) ?? rpcV1;
}
