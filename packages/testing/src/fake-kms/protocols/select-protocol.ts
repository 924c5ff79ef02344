import type { GatewayKind } from '../auth/access-keys.ts';
import { acs3 } from './acs3.ts';
import { instanceApi } from './instance-api.ts';
import type { Protocol, WireRequest } from './protocol.ts';
import { rpcV1ClientKey } from './rpc-v1-client-key.ts';
import { rpcV1 } from './rpc-v1.ts';

/**
 * The protocols that an endpoint supports, in the order they are matched. Instances support their own API and OpenAPI.
 * Client keys sign OpenAPI requests on the shared gateway only.
 */
export function protocolsFor(gateway: GatewayKind, settings: Parameters<typeof instanceApi>[0]): readonly Protocol[] {
  return gateway === 'instance' ? [instanceApi(settings), acs3, rpcV1] : [acs3, rpcV1ClientKey, rpcV1];
}

/** Selects the protocol by the headers and the signature method. Anything else is treated as `rpc-v1`. */
export function selectProtocol(request: WireRequest, protocols: readonly Protocol[]): Protocol {
  return protocols.find((protocol) => protocol.matches(request)) ?? rpcV1;
}
