import type { GatewayKind, Rights } from './access-keys.ts';
import { batchAnswer, refusalAnswer, secretAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Authentication } from './authentication.ts';
import { batchGetSecretValue } from './batch-get-secret-value.ts';
import { deliver } from './delivery.ts';
import type { Outgoing } from './delivery.ts';
import type { AnswerFormat, Dialect, Glance, SignedRequest, WireRequest } from './dialects/dialect.ts';
import { dialectOf, dialectsAt } from './dialects/dialects.ts';
import type { FakeFault, FaultBoard } from './faults.ts';
import { faultyAnswer, throttling } from './faulty-answers.ts';
import { getSecretValue } from './get-secret-value.ts';
import { Refusal, refusal } from './refusals.ts';
import type { RequestLog } from './request-log.ts';
import type { CalendarClock } from './settable-clock.ts';
import type { TokenBucket } from './token-bucket.ts';
import type { Vault } from './vault/vault.ts';

interface Parts {
  readonly region: string;
  /** The instance this stands in front of; none for the shared gateway. */
  readonly instance: string | undefined;
  readonly isTokenTaken: boolean;
  readonly knowsBatch: boolean;
  readonly authentication: Authentication;
  readonly vault: Vault;
  readonly faults: FaultBoard;
  readonly log: RequestLog;
  readonly clock: CalendarClock;
  /** None when requests are not counted. */
  readonly quota: TokenBucket | undefined;
}

interface Acting {
  readonly dialect: Dialect;
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
  readonly #dialects: readonly Dialect[];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#kind = parts.instance === undefined ? 'shared' : 'instance';
    this.#dialects = dialectsAt(this.#kind, parts);
  }

  serve(request: WireRequest, connectionId: number, outgoing: Outgoing): void {
    const { region, instance, log, clock } = this.#parts;
    const dialect = dialectOf(request, this.#dialects);
    const glance = dialect.glance(request);
    const record = log.add({
      at: clock.date(),
      region,
      instance,
      method: request.method,
      path: request.path,
      dialect: dialect.name,
      ...glance.asked,
      headers: Object.keys(request.headers),
      connectionId,
    });
    const { answer, fault } = this.#decide(request, dialect, glance);
    if (!isWithheld(fault)) record.answered(answer.status, answer.code);
    deliver(answer, fault, outgoing);
  }

  #decide(request: WireRequest, dialect: Dialect, { format, asked }: Glance): { answer: Answer; fault?: FakeFault } {
    const { region, instance, authentication, faults } = this.#parts;
    const refused = (error: unknown): { answer: Answer } => {
      if (!(error instanceof Refusal)) throw error;
      const words = dialect.inItsWords?.(error, asked) ?? error;
      return { answer: refusalAnswer(words, format, region) };
    };
    let signed: SignedRequest;
    let rights: Rights;
    try {
      checkTarget(request);
      signed = dialect.read(request);
      rights = authentication.check(signed, this.#kind);
    } catch (error) {
      return refused(error);
    }
    const fault = faults.strikeRequest({ region, instance }, asked.secretName);
    const instead = fault === undefined ? undefined : faultyAnswer(fault, format, region);
    if (instead !== undefined) return { answer: instead };
    try {
      return {
        answer: this.#act(signed, { dialect, format, rights }),
        ...(fault !== undefined && { fault }),
      };
    } catch (error) {
      return { ...refused(error), ...(fault !== undefined && { fault }) };
    }
  }

  #act(signed: SignedRequest, { dialect, format, rights }: Acting): Answer {
    const { action, version, parameters } = signed;
    const { vault, region, quota, knowsBatch } = this.#parts;
    if (version !== dialect.version) throw refusal('InvalidVersion');
    const isBatch = action === 'BatchGetSecretValue' && knowsBatch && this.#kind === 'shared';
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
