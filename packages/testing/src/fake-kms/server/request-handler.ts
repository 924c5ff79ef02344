import { ApiError, apiError } from '../api/api-error.ts';
import { batchGetSecretValue } from '../api/batch-get-secret-value.ts';
import { getSecretValue } from '../api/get-secret-value.ts';
import { listSecrets } from '../api/list-secrets.ts';
import { batchResponse, errorResponse, listResponse, secretResponse } from '../api/response.ts';
import type { ApiResponse } from '../api/response.ts';
import type { GatewayKind, ReadPermission } from '../auth/access-keys.ts';
import type { Authentication } from '../auth/authentication.ts';
import { faultResponse, throttlingError } from '../faults/fault-responses.ts';
import type { FakeFault } from '../faults/fault.ts';
import type { FaultRegistry } from '../faults/fault-registry.ts';
import type { Protocol, ResponseFormat, SignedRequest, UnverifiedRequest, WireRequest } from '../protocols/protocol.ts';
import { protocolsFor, selectProtocol } from '../protocols/select-protocol.ts';
import type { SecretRepository } from '../secrets/secret-repository.ts';
import type { CalendarClock } from '../settable-clock.ts';
import type { RequestLog } from './request-log.ts';
import { sendResponse } from './send-response.ts';
import type { Outgoing } from './send-response.ts';
import type { TokenBucket } from './token-bucket.ts';

interface Parts {
  readonly region: string;
  /** The id of the instance. `undefined` for the shared gateway. */
  readonly instance: string | undefined;
  readonly acceptTokenScheme: boolean;
  readonly supportsBatch: boolean;
  readonly authentication: Authentication;
  readonly secrets: SecretRepository;
  readonly faults: FaultRegistry;
  readonly log: RequestLog;
  readonly clock: CalendarClock;
  /** `undefined` for no rate limit. */
  readonly quota: TokenBucket | undefined;
}

interface Outcome {
  readonly response: ApiResponse;
  /** A fault that affects how the response is sent. */
  readonly fault?: FakeFault;
}

interface ActionContext {
  readonly protocol: Protocol;
  readonly format: ResponseFormat;
  readonly canRead: ReadPermission;
}

/**
 * Handles the requests of one endpoint: logs, authenticates, applies faults or the quota, and responds.
 *
 * Authentication comes before faults, so that a fault never hides a wrong signature or a reused nonce.
 */
export class RequestHandler {
  readonly #parts: Parts;
  readonly #gateway: GatewayKind;
  readonly #protocols: readonly Protocol[];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#gateway = parts.instance === undefined ? 'shared' : 'instance';
    this.#protocols = protocolsFor(this.#gateway, parts);
  }

  handle(request: WireRequest, connectionId: number, outgoing: Outgoing): void {
    const { region, instance, log, clock } = this.#parts;
    const protocol = selectProtocol(request, this.#protocols);
    const unverified = protocol.peek(request);
    const record = log.add({
      at: clock.date(),
      region,
      instance,
      method: request.method,
      path: request.path,
      protocol: protocol.name,
      ...unverified.claims,
      headers: Object.keys(request.headers),
      connectionId,
    });
    const { response, fault } = this.#respond(request, protocol, unverified);
    if (!suppressesResponse(fault)) record.complete(response.status, response.code);
    sendResponse(response, fault, outgoing);
  }

  #respond(request: WireRequest, protocol: Protocol, { format, claims }: UnverifiedRequest): Outcome {
    const { region, instance, authentication, faults } = this.#parts;
    const toErrorResponse = (error: unknown): ApiResponse => {
      if (!(error instanceof ApiError)) throw error;
      return errorResponse(protocol.translateError?.(error, claims) ?? error, format, region);
    };
    let signed: SignedRequest;
    let canRead: ReadPermission;
    try {
      checkMethodAndPath(request);
      signed = protocol.parse(request);
      canRead = authentication.authenticate(signed, this.#gateway);
    } catch (error) {
      return { response: toErrorResponse(error) };
    }
    const fault = faults.takeRequestFault({ region, instance }, claims.secretNames ?? [claims.secretName ?? '']);
    const replacement = fault === undefined ? undefined : faultResponse(fault, format, region);
    if (replacement !== undefined) return { response: replacement };
    const outcomeWith = (response: ApiResponse): Outcome => ({ response, ...(fault !== undefined && { fault }) });
    try {
      return outcomeWith(this.#perform(signed, { protocol, format, canRead }));
    } catch (error) {
      return outcomeWith(toErrorResponse(error));
    }
  }

  #perform(signed: SignedRequest, { protocol, format, canRead }: ActionContext): ApiResponse {
    const { action, version, parameters } = signed;
    const { secrets, region, quota, supportsBatch } = this.#parts;
    if (version !== protocol.version) throw apiError('InvalidVersion');
    const isBatch = action === 'BatchGetSecretValue' && supportsBatch && this.#gateway === 'shared';
    const isList = action === 'ListSecrets' && this.#gateway === 'shared';
    if (!isBatch && !isList && action !== 'GetSecretValue') throw apiError('InvalidAction.NotFound');
    // The quota cost of a batch is undocumented. The fake counts it as one request.
    if (quota?.take() === false) throw throttlingError();
    if (isList) return listResponse(listSecrets(secrets, parameters), format);
    const request = { parameters, region, canRead };
    return isBatch
      ? batchResponse(batchGetSecretValue(secrets, request), format)
      : secretResponse(getSecretValue(secrets, request), format);
  }
}

/** KMS supports GET and POST at `/`. */
function checkMethodAndPath({ method, path }: WireRequest): void {
  if (path !== '/') throw apiError('InvalidApi.NotFound');
  if (method !== 'GET' && method !== 'POST') throw apiError('UnsupportedOperation', ' The method must be GET or POST.');
}

function suppressesResponse(fault: FakeFault | undefined): boolean {
  return fault !== undefined && ['hang', 'reset', 'closeSocket'].includes(fault.kind);
}
