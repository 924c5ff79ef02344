import { randomBytes } from 'node:crypto';

import { bareAnswer } from '../api/response.ts';
import type { Answer } from '../api/response.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import type { FakeFault, FaultHandle } from '../faults/fault-registry.ts';
import { formatDate } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';
import { CredentialServer } from '../server/credential-server.ts';
import type { SideAnswer, CredentialRequestRecord, CredentialFaultScope } from '../server/credential-server.ts';
import type { TemporaryCredentials, TemporaryKeys } from '../sts/temporary-keys.ts';

/** The role of the machine the fake's clients run on. */
export interface FakeEcsRole {
  /** The names it may read; all when left out. */
  readonly secrets?: readonly string[];
  /** How long its keys are good, in seconds. Six hours when left out, as on ECS. */
  readonly lifetime?: number;
}

interface Attached {
  readonly name: string;
  readonly role: FakeEcsRole;
  credentials: { readonly written: TemporaryCredentials; readonly issuedAt: number } | undefined;
}

const tokenPath = '/latest/api/token';
const rolePath = '/latest/meta-data/ram/security-credentials/';
const longestTtl = 21_600;

/**
 * The metadata server of an ECS instance, over plain HTTP: a token by PUT, then the name of the machine's role, then its
 * keys. Without a token too, unless hardened. (Alibaba Cloud, "Instance metadata"; "security hardening mode".)
 */
export class FakeMetadata {
  readonly #server: CredentialServer;
  readonly #temporaryKeys: TemporaryKeys;
  readonly #clock: CalendarClock;
  /** Token -> when it expires, the oldest first. */
  readonly #tokens = new Map<string, number>();
  #attached: Attached | undefined;
  #isHardened = false;

  constructor(parts: { temporaryKeys: TemporaryKeys; clock: CalendarClock }) {
    this.#temporaryKeys = parts.temporaryKeys;
    this.#clock = parts.clock;
    this.#server = new CredentialServer({
      trust: undefined,
      clock: parts.clock,
      answer: (request) => this.#answer(request),
    });
    this.attachRole('FakeEcsRole');
  }

  /** `http://127.0.0.1:PORT/`, in the place of `http://100.100.100.200/`. */
  get url(): string {
    return this.#server.url;
  }

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

  /** The machine gets this role, in the place of the one it had; `FakeEcsRole`, which may read all, at the start. */
  attachRole(name: string, role: FakeEcsRole = {}): void {
    this.#attached = { name, role, credentials: undefined };
  }

  detachRole(): void {
    this.#attached = undefined;
  }

  /** From now on nothing is answered without a token. */
  enableHardening(): void {
    this.#isHardened = true;
  }

  disableHardening(): void {
    this.#isHardened = false;
  }

  /** Plants a fault for requests that would be granted. */
  fault(fault: FakeFault, scope: CredentialFaultScope = {}): FaultHandle {
    return this.#server.fault(fault, scope);
  }

  heal(): void {
    this.#server.heal();
  }

  /** Opens its port; the same one every time. */
  async start(): Promise<void> {
    await this.#server.open();
  }

  /** Closes its port and its connections. */
  async stop(): Promise<void> {
    await this.#server.shut();
  }

  #answer(request: WireRequest): SideAnswer {
    const { method, path } = request;
    if (path === tokenPath) {
      return { action: 'token', answer: method === 'PUT' ? this.#giveToken(request) : bare(405) };
    }
    const asked = path.startsWith(rolePath) ? path.slice(rolePath.length) : undefined;
    const action = asked === undefined ? 'unknown' : asked === '' ? 'role' : 'credentials';
    if (method !== 'GET') return { action, answer: bare(405) };
    if (!this.#isAllowed(request)) return { action, answer: bare(403) };
    return { action, answer: this.#tell(asked) };
  }

  #giveToken(request: WireRequest): Answer {
    const text = request.headers['x-aliyun-ecs-metadata-token-ttl-seconds'];
    const ttl = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : 0;
    if (ttl < 1 || ttl > longestTtl) return bare(400);
    const now = this.#clock.date();
    for (const [known, expiresAt] of this.#tokens) if (expiresAt <= now) this.#tokens.delete(known);
    const token = `FakeMetadataToken${randomBytes(16).toString('hex')}`;
    this.#tokens.set(token, now + ttl * 1000);
    return bareAnswer(200, 'text/plain', token);
  }

  /** A token that is unknown or too old is refused even where none is needed. */
  #isAllowed({ headers }: WireRequest): boolean {
    const token = headers['x-aliyun-ecs-metadata-token'];
    if (token === undefined) return !this.#isHardened;
    const expiresAt = typeof token === 'string' ? this.#tokens.get(token) : undefined;
    return expiresAt !== undefined && this.#clock.date() < expiresAt;
  }

  #tell(asked: string | undefined): Answer {
    const attached = this.#attached;
    if (attached === undefined || asked === undefined) return bare(404);
    if (asked === '') return bareAnswer(200, 'text/plain', attached.name);
    if (asked !== encodeURIComponent(attached.name)) return bare(404);
    const { written, issuedAt } = this.#credentials(attached);
    const body = { ...written, LastUpdated: formatDate(issuedAt), Code: 'Success' };
    return bareAnswer(200, 'application/json', JSON.stringify(body));
  }

  /** The same keys for half of their time: ECS renews them long before they end, and not with every question. */
  #credentials(attached: Attached): NonNullable<Attached['credentials']> {
    const { lifetime = 21_600, secrets } = attached.role;
    const now = this.#clock.date();
    const { credentials } = attached;
    if (credentials !== undefined && now - credentials.issuedAt < (lifetime * 1000) / 2) return credentials;
    const rights = (name: string): boolean => secrets === undefined || secrets.includes(name);
    const made = { written: this.#temporaryKeys.issue({ lifetime, rights }), issuedAt: now };
    attached.credentials = made;
    return made;
  }
}

function bare(status: number): Answer {
  return bareAnswer(status, 'text/plain', `${status}`);
}
