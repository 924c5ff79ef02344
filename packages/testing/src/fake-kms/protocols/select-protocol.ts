import type { GatewayKind } from '../auth/access-keys.ts';
import { acs3 } from './acs3.ts';
import type { Protocol, WireRequest } from './protocol.ts';
import { instanceApi } from './instance-api.ts';
import { rpcV1ClientKey } from './rpc-v1-client-key.ts';
import { rpcV1 } from './rpc-v1.ts';

/**
 * What is spoken at a gateway, in the order it is tried: instances have an API of their own besides OpenAPI, and client
 * keys sign OpenAPI requests on the shared gateway alone.
 */
export function protocolsFor(gateway: GatewayKind, settings: Parameters<typeof instanceApi>[0]): readonly Protocol[] {
  return gateway === 'instance' ? [instanceApi(settings), acs3, rpcV1] : [acs3, rpcV1ClientKey, rpcV1];
}

/** The protocol a request is in: told by its headers and by how it says it is signed. What is in none is in the plainest. */
export function selectProtocol(request: WireRequest, protocols: readonly Protocol[]): Protocol {
  return protocols.find((protocol) => protocol.isSpokenIn(request)) ?? rpcV1;
}
