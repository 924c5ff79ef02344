import type { EndpointStatus, ExpiryStatus, SecretStatus, StoreStatus } from '@kms-secrets/next';
import type { Status } from './status.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A duration in at most two units: `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / second) * second);
  if (whole < minute) return `${whole / second} s`;
  if (whole < hour) return inTwoUnits(whole, [minute, 'min'], [second, 's']);
  if (whole < day) return inTwoUnits(whole, [hour, 'h'], [minute, 'min']);
  return inTwoUnits(whole, [day, 'd'], [hour, 'h']);
}

export function ago(ms: number): string {
  return ms < second ? 'just now' : `${duration(ms)} ago`;
}

type Unit = readonly [ms: number, name: string];

function inTwoUnits(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const remainder = Math.floor((ms % large) / small);
  const first = `${Math.floor(ms / large)} ${largeName}`;
  return remainder === 0 ? first : `${first} ${remainder} ${smallName}`;
}

/** `1 234 567`, with narrow no-break spaces. */
export function number(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/gu, '\u202f');
}

function counted(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

export interface Headline {
  readonly tone: Status['health'];
  readonly title: string;
  readonly detail: string;
}

/** The title of the tab, so that the state is visible while the tab is in the background. */
export function pageTitle(status: Status, silentFor: number): string {
  return `${silentFor > 0 ? 'No response' : headline(status).title} · Secrets`;
}

/** `kms.example (throttled)`: an endpoint and why it fails. */
function endpointWithReason({ endpoint, lastFailure }: EndpointStatus): string {
  const failure = lastFailure?.failure;
  return failure === undefined ? endpoint : `${endpoint} (${failure})`;
}

/** A date in UTC without seconds: `2026-03-01 12:00 UTC`. */
export function date(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function shownOf(shown: number, total: number): string {
  return shown === total ? counted(total, 'secret') : `${number(shown)} of ${counted(total, 'secret')}`;
}

export function shortVersion(versionId: string): string {
  return versionId.length > 12 ? `${versionId.slice(0, 8)}…` : versionId;
}

/** When KMS rotated the secret to this version, and how much later it arrived here. The dates of KMS have whole seconds. */
export function versionSummary({ versionAge, rotationLag }: SecretStatus): string {
  const rotated = versionAge === undefined ? '' : `rotated ${ago(versionAge)}`;
  if (rotationLag === undefined) return rotated;
  return `${rotated}, lag ${rotationLag < second ? 'under 1 s' : duration(rotationLag)}`;
}

export function nextRefresh(ms: number | undefined): string {
  if (ms === undefined) return 'at the next read';
  return ms < second ? 'now' : `in ${duration(ms)}`;
}

/** The overall state, and its reasons in one sentence. */
export function headline(status: Status): Headline {
  const { health: tone, isClosed, secrets, endpoints } = status;
  const title = { ok: 'Healthy', degraded: 'Degraded', failing: 'Failing' }[tone];
  if (isClosed) return { tone, title, detail: 'The client is closed.' };
  const failingEndpoints = endpoints.filter(({ state }) => state === 'failing').map(endpointWithReason);
  const reasons = [
    rejectionOf(status.identity),
    ...secretReasons(secrets),
    failingEndpoints.length === 0 ? '' : `failing endpoints: ${failingEndpoints.join(', ')}`,
    named(status, 'store', 'failing stores'),
    named(status, 'expiring', 'expiring'),
    named(status, 'rotation', 'rotation missed'),
  ].filter((reason) => reason !== '');
  const sentence = reasons.length === 0 ? allFresh(secrets.length) : reasons.join('; ');
  return { tone, title, detail: `${sentence}.`.replace(/^./u, (letter) => letter.toUpperCase()) };
}

function rejectionOf({ state, rejection }: Status['identity']): string {
  if (state !== 'rejected') return '';
  const code = rejection?.code;
  return `credentials rejected${code === undefined ? '' : ` (${code})`}`;
}

function secretReasons(secrets: Status['secrets']): readonly string[] {
  const share = (state: string, isIn: (secret: Status['secrets'][number]) => boolean): string => {
    const matching = secrets.filter(isIn).length;
    return matching === 0 ? '' : `${matching} of ${counted(secrets.length, 'secret')} ${state}`;
  };
  const states = ['refused', 'missing', 'expired', 'stale'] as const;
  return [
    ...states.map((state) => share(state, ({ freshness }) => freshness === state)),
    share(
      'fresh, but with a failed refresh',
      ({ freshness, lastFailure }) => freshness === 'fresh' && lastFailure !== undefined,
    ),
  ];
}

/** The names of a problem, of which health lists ten. */
function named({ problems }: Status, kind: Status['problems'][number]['kind'], text: string): string {
  const problem = problems.find((each) => each.kind === kind);
  if (problem === undefined) return '';
  const { names, count } = problem;
  return `${text}: ${names.join(', ')}${count > names.length ? ` and ${count - names.length} more` : ''}`;
}

function allFresh(secrets: number): string {
  if (secrets === 0) return 'no secret has been read yet';
  return secrets === 1 ? 'the secret in memory is fresh' : `all ${secrets} secrets in memory are fresh`;
}

/** How many requests an endpoint got, and their results. */
export function requestSummary({ attempts, failures, inFlight, queued }: EndpointStatus): string {
  if (attempts === 0 && inFlight === 0 && queued === 0) return 'no requests';
  return joined([
    counted(attempts, 'request'),
    `${failures === 0 ? 'none' : number(failures)} failed`,
    inFlight === 0 ? '' : `${number(inFlight)} in flight`,
    queued === 0 ? '' : `${number(queued)} queued`,
  ]);
}

/** The circuit breaker, the cooldown, the latency and the hedged requests of an endpoint. */
export function endpointSummary(endpoint: EndpointStatus): string {
  const { breaker, probeIn, cooldownFor, p95, hedges, hedgesWon } = endpoint;
  const nextProbe =
    probeIn === undefined || probeIn < second ? 'probed by the next fetch' : `next probe in ${duration(probeIn)}`;
  const breakers = {
    closed: 'circuit breaker closed',
    open: `circuit breaker open, ${nextProbe}`,
    'half-open': 'circuit breaker half-open, probing',
  };
  return joined([
    breakers[breaker],
    cooldownFor === undefined ? '' : `throttled, cooldown ${duration(cooldownFor)}`,
    p95 === undefined ? '' : `p95 ${Math.ceil(p95)} ms`,
    hedges === 0 ? '' : `${counted(hedges, 'hedged request')}, ${number(hedgesWon)} won`,
  ]);
}

/** What has not been written to a store yet, and what it dropped. */
export function storeSummary({ unavailableParts, queued, dropped }: StoreStatus): string {
  return joined([
    unavailableParts.length === 0 ? '' : `unavailable: ${unavailableParts.join(', ')}`,
    queued === 0 ? 'no pending changes' : counted(queued, 'pending change'),
    dropped === 0 ? '' : `${number(dropped)} ${dropped === 1 ? 'entry' : 'entries'} dropped`,
  ]);
}

/** When a client key, a certificate authority or credentials expire. */
export function expirySummary({ expiresIn, failingFor }: ExpiryStatus): string {
  return joined([
    expiresIn <= 0 ? 'expired' : `expires in ${duration(expiresIn)}`,
    failingFor === undefined ? '' : `renewal failing for ${duration(failingFor)}`,
  ]);
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
