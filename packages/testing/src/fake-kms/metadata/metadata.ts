import { randomBytes } from 'node:crypto';

import { plainResponse } from '../api/response.ts';
import type { ApiResponse } from '../api/response.ts';
import type { FakeFault, FaultHandle } from '../faults/fault.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import { CredentialServer } from '../server/credential-server.ts';
import type { CredentialFaultScope, CredentialRequestRecord, CredentialResponse } from '../server/credential-server.ts';
import { formatDate } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';
import type { TemporaryCredentials, TemporaryKeys } from '../sts/temporary-keys.ts';

/** The RAM role of the ECS instance that the clients run on. */
export interface FakeEcsRole {
  /** The names of the secrets that the role may read. Default: all. */
  readonly secrets?: readonly string[];
  /** The lifetime of its keys in seconds. Default: 21600 (six hours), as on ECS. Below 0, they have expired. */
  readonly lifetime?: number;
}

interface AttachedRole {
  readonly name: string;
  readonly role: FakeEcsRole;
  issued: IssuedCredentials | undefined;
}

interface IssuedCredentials {
  readonly credentials: TemporaryCredentials;
  readonly issuedAt: number;
}

const tokenPath = '/latest/api/token';
const rolePath = '/latest/meta-data/ram/security-credentials/';
/** In seconds. */
const maxTokenTtl = 21_600;
const defaultKeyLifetime = 21_600;

/**
 * The metadata server of an ECS instance, over plain HTTP: PUT returns a token, then GET the role's name and its keys.
 * The token is optional unless hardening is enabled. (Alibaba Cloud, "Instance metadata"; "security hardening mode".)
 */
export class FakeMetadata {
  readonly #server: CredentialServer;
  readonly #temporaryKeys: TemporaryKeys;
  readonly #clock: CalendarClock;
  /** Token -> expiry, oldest first. */
  readonly #tokens = new Map<string, number>();
  #attachedRole: AttachedRole | undefined;
  #isHardened = false;

  constructor(parts: { temporaryKeys: TemporaryKeys; clock: CalendarClock }) {
    this.#temporaryKeys = parts.temporaryKeys;
    this.#clock = parts.clock;
    this.#server = new CredentialServer({
      pki: undefined,
      clock: parts.clock,
      respond: (request) => this.#respond(request),
    });
    this.attachRole('FakeEcsRole');
  }

  /** `http://127.0.0.1:PORT/`. Replaces `http://100.100.100.200/`. */
  get url(): string {
    return this.#server.url;
  }

  /** The number of requests, rejected ones included. */
  get calls(): number {
    return this.#server.requests.length;
  }

  /** Their actions are `token`, `role`, `credentials` and `unknown`. */
  get requests(): readonly CredentialRequestRecord[] {
    return this.#server.requests;
  }

  clearRequests(): void {
    this.#server.clearRequests();
  }

  /** Attaches a role to the ECS instance and replaces the previous one. Initially `FakeEcsRole`, which may read all. */
  attachRole(name: string, role: FakeEcsRole = {}): void {
    const { lifetime = defaultKeyLifetime } = role;
    if (!Number.isInteger(lifetime) || lifetime === 0) {
      throw new TypeError('The lifetime of a role must be a whole number of seconds other than 0.');
    }
    this.#attachedRole = { name, role, issued: undefined };
  }

  detachRole(): void {
    this.#attachedRole = undefined;
  }

  /** Requires a token for every request, as the security hardening mode of ECS does. */
  enableHardening(): void {
    this.#isHardened = true;
  }

  disableHardening(): void {
    this.#isHardened = false;
  }

  /** Adds a fault for requests that would succeed. */
  fault(fault: FakeFault, scope: CredentialFaultScope = {}): FaultHandle {
    return this.#server.fault(fault, scope);
  }

  /** Removes all faults. */
  heal(): void {
    this.#server.heal();
  }

  /** Opens the port; after `stop`, the same one. */
  async start(): Promise<void> {
    await this.#server.start();
  }

  /** Closes the port and its connections. */
  async stop(): Promise<void> {
    await this.#server.stop();
  }

  #respond(request: WireRequest): CredentialResponse {
    const { method, path } = request;
    if (path === tokenPath) {
      return { action: 'token', response: method === 'PUT' ? this.#issueToken(request) : statusResponse(405) };
    }
    const roleName = path.startsWith(rolePath) ? path.slice(rolePath.length) : undefined;
    const action = roleName === undefined ? 'unknown' : roleName === '' ? 'role' : 'credentials';
    if (method !== 'GET') return { action, response: statusResponse(405) };
    if (!this.#isAuthorized(request)) return { action, response: statusResponse(403) };
    return { action, response: this.#roleResponse(roleName) };
  }

  #issueToken(request: WireRequest): ApiResponse {
    const text = request.headers['x-aliyun-ecs-metadata-token-ttl-seconds'];
    const ttl = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : 0;
    if (ttl < 1 || ttl > maxTokenTtl) return statusResponse(400);
    const now = this.#clock.date();
    for (const [token, expiresAt] of this.#tokens) if (expiresAt <= now) this.#tokens.delete(token);
    const token = `FakeMetadataToken${randomBytes(16).toString('hex')}`;
    this.#tokens.set(token, now + ttl * 1000);
    return plainResponse(200, 'text/plain', token);
  }

  /** Rejects an unknown or expired token even if no token is required. */
  #isAuthorized({ headers }: WireRequest): boolean {
    const token = headers['x-aliyun-ecs-metadata-token'];
    if (token === undefined) return !this.#isHardened;
    const expiresAt = typeof token === 'string' ? this.#tokens.get(token) : undefined;
    return expiresAt !== undefined && this.#clock.date() < expiresAt;
  }

  #roleResponse(roleName: string | undefined): ApiResponse {
    const attached = this.#attachedRole;
    if (attached === undefined || roleName === undefined) return statusResponse(404);
    if (roleName === '') return plainResponse(200, 'text/plain', attached.name);
    if (roleName !== encodeURIComponent(attached.name)) return statusResponse(404);
    const { credentials, issuedAt } = this.#issueCredentials(attached);
    const body = { ...credentials, LastUpdated: formatDate(issuedAt), Code: 'Success' };
    return plainResponse(200, 'application/json', JSON.stringify(body));
  }

  /** Returns the same keys for half of their lifetime: ECS renews keys long before they expire, but not per request. */
  #issueCredentials(attached: AttachedRole): IssuedCredentials {
    const { lifetime = defaultKeyLifetime, secrets } = attached.role;
    const now = this.#clock.date();
    const { issued } = attached;
    if (issued !== undefined && now - issued.issuedAt < (lifetime * 1000) / 2) return issued;
    const canRead = (name: string): boolean => secrets === undefined || secrets.includes(name);
    const renewed = { credentials: this.#temporaryKeys.issue({ lifetime, canRead }), issuedAt: now };
    attached.issued = renewed;
    return renewed;
  }
}

function statusResponse(status: number): ApiResponse {
  return plainResponse(status, 'text/plain', `${status}`);
}
