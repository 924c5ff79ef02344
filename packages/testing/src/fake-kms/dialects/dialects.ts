import type { GatewayKind } from '../access-keys.ts';
import { acs3 } from './acs3.ts';
import type { Dialect, WireRequest } from './dialect.ts';
import { instanceApi } from './instance-api.ts';
import { rpcV1ClientKey } from './rpc-v1-client-key.ts';
import { rpcV1 } from './rpc-v1.ts';

/**
 * What is spoken at a gateway, in the order it is tried: instances have an API of their own besides OpenAPI, and client
 * keys sign OpenAPI requests on the shared gateway alone.
 */
export function dialectsAt(gateway: GatewayKind, settings: Parameters<typeof instanceApi>[0]): readonly Dialect[] {
  return gateway === 'instance' ? [instanceApi(settings), acs3, rpcV1] : [acs3, rpcV1ClientKey, rpcV1];
}

/** The dialect a request is in: told by its headers and by how it says it is signed. What is in none is in the plainest. */
export function dialectOf(request: WireRequest, dialects: readonly Dialect[]): Dialect {
  return dialects.find((dialect) => dialect.isSpokenIn(request)) ?? rpcV1;
}
