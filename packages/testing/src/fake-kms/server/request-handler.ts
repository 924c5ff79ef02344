import type { GatewayKind, Rights } from '../auth/access-keys.ts';
import { batchAnswer, refusalAnswer, secretAnswer } from '../api/response.ts';
import type { Answer } from '../api/response.ts';
import type { Authentication } from '../auth/authentication.ts';
import { batchGetSecretValue } from '../api/batch-get-secret-value.ts';
import { deliver } from './send-response.ts';
import type { Outgoing } from './send-response.ts';
import type { AnswerFormat, Protocol, Glance, SignedRequest, WireRequest } from '../protocols/protocol.ts';
import { selectProtocol, protocolsFor } from '../protocols/select-protocol.ts';
import type { FakeFault, FaultBoard } from '../faults/fault-registry.ts';
import { faultyAnswer, throttling } from '../faults/fault-responses.ts';
import { getSecretValue } from '../api/get-secret-value.ts';
import { Refusal, refusal } from '../api/api-error.ts';
import type { RequestLog } from './request-log.ts';
import type { CalendarClock } from '../settable-clock.ts';
import type { TokenBucket } from './token-bucket.ts';
import type { Vault } from '../secrets/secret-repository.ts';

interface Parts {
  readonly region: string;
  /** The instance this stands in front of; none for the shared gateway. */
  readonly instance: string | undefined;
  readonly acceptTokenScheme: boolean;
  readonly supportsBatch: boolean;
  readonly authentication: Authentication;
  readonly vault: Vault;
  readonly faults: FaultBoard;
  readonly log: RequestLog;
  readonly clock: CalendarClock;
  /** None when requests are not counted. */
  readonly quota: TokenBucket | undefined;
}

interface Acting {
  readonly protocol: Protocol;
  readonly format: AnswerFormat;
  readonly rights: Rights;
}

/**
 * The story of one request: recorded, told apart, authenticated, struck by a fault or counted, and answered.
 *
 * Authentication comes before the faults: a client that repeats an old nonce, or signs wrongly, must not get through
 * unnoticed because something else was wrong at that moment.
 */
export class Gateway {
  readonly #parts: Parts;
  readonly #kind: GatewayKind;
  readonly #protocols: readonly Protocol[];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#kind = parts.instance === undefined ? 'shared' : 'instance';
    this.#protocols = protocolsFor(this.#kind, parts);
  }

  serve(request: WireRequest, connectionId: number, outgoing: Outgoing): void {
    const { region, instance, log, clock } = this.#parts;
    const protocol = selectProtocol(request, this.#protocols);
    const glance = protocol.glance(request);
    const record = log.add({
      at: clock.date(),
      region,
      instance,
      method: request.method,
      path: request.path,
      protocol: protocol.name,
      ...glance.asked,
      headers: Object.keys(request.headers),
      connectionId,
    });
    const { answer, fault } = this.#decide(request, protocol, glance);
    if (!isWithheld(fault)) record.answered(answer.status, answer.code);
    deliver(answer, fault, outgoing);
  }

  #decide(request: WireRequest, protocol: Protocol, { format, asked }: Glance): { answer: Answer; fault?: FakeFault } {
    const { region, instance, authentication, faults } = this.#parts;
    const refused = (error: unknown): { answer: Answer } => {
      if (!(error instanceof Refusal)) throw error;
      const words = protocol.inItsWords?.(error, asked) ?? error;
      return { answer: refusalAnswer(words, format, region) };
    };
    let signed: SignedRequest;
    let rights: Rights;
    try {
      checkTarget(request);
      signed = protocol.read(request);
      rights = authentication.check(signed, this.#kind);
    } catch (error) {
      return refused(error);
    }
    const fault = faults.strikeRequest({ region, instance }, asked.secretName);
    const instead = fault === undefined ? undefined : faultyAnswer(fault, format, region);
    if (instead !== undefined) return { answer: instead };
    try {
      return {
        answer: this.#act(signed, { protocol, format, rights }),
        ...(fault !== undefined && { fault }),
      };
    } catch (error) {
      return { ...refused(error), ...(fault !== undefined && { fault }) };
    }
  }

  #act(signed: SignedRequest, { protocol, format, rights }: Acting): Answer {
    const { action, version, parameters } = signed;
    const { vault, region, quota, supportsBatch } = this.#parts;
    if (version !== protocol.version) throw refusal('InvalidVersion');
    const isBatch = action === 'BatchGetSecretValue' && supportsBatch && this.#kind === 'shared';
    if (!isBatch && action !== 'GetSecretValue') throw refusal('InvalidAction.NotFound');
    // How a batch counts is not documented; here it is one request.
    if (quota?.take() === false) throw throttling();
    const request = { parameters, region, rights };
    return isBatch
      ? batchAnswer(batchGetSecretValue(vault, request), format)
      : secretAnswer(getSecretValue(vault, request), format);
  }
}

/** KMS takes GET and POST, both at `/` alone. */
function checkTarget({ method, path }: WireRequest): void {
  if (path !== '/') throw refusal('InvalidApi.NotFound');
  if (method !== 'GET' && method !== 'POST') throw refusal('UnsupportedOperation', ` The method must be GET or POST.`);
}

function isWithheld(fault: FakeFault | undefined): boolean {
  return fault !== undefined && ['hang', 'reset', 'closeSocket'].includes(fault.kind);
}
