import type { EndpointStatus, StoreStatus } from '@kms-secrets/core';
import type { Status } from './status.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A time as people say it, in at most two units: `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function span(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / second) * second);
  if (whole < minute) return `${whole / second} s`;
  if (whole < hour) return inTwo(whole, [minute, 'min'], [second, 's']);
  if (whole < day) return inTwo(whole, [hour, 'h'], [minute, 'min']);
  return inTwo(whole, [day, 'd'], [hour, 'h']);
}

/** How long ago something was. */
export function ago(ms: number): string {
  return ms < second ? 'just now' : `${span(ms)} ago`;
}

type Unit = readonly [ms: number, name: string];

function inTwo(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((ms % large) / small);
  const first = `${Math.floor(ms / large)} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** `1 234 567`, with spaces that do not break. */
export function count(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/gu, ' ');
}

export interface Headline {
  /** Of the headline: worse than the health of the client, where a store is in trouble that no read has felt yet. */
  readonly tone: Status['health'];
  readonly title: string;
  readonly detail: string;
}

/** What an operator wants to know first, in one line, and why. */
export function headline({ health, isClosed, secrets, endpoints, stores }: Status): Headline {
  const away = stores.filter(({ state }) => state !== 'working').map(({ store }) => store);
  const tone = health === 'ok' && away.length > 0 ? 'degraded' : health;
  const title = { ok: 'All is well', degraded: 'Serving, with trouble', failing: 'Secrets cannot be served' }[tone];
  if (isClosed) return { tone, title, detail: 'The client is closed.' };
  const failing = endpoints.filter(({ state }) => state === 'failing').map(({ endpoint }) => endpoint);
  const parts = [
    told(secrets.length, secrets.filter(({ freshness }) => freshness === 'expired').length, 'too old to be served'),
    told(secrets.length, secrets.filter(({ freshness }) => freshness === 'stale').length, {
      one: 'past its time',
      more: 'past their time',
    }),
    told(
      secrets.length,
      secrets.filter(({ freshness, lastFailure }) => freshness === 'fresh' && lastFailure !== undefined).length,
      'fresh, but could not be refreshed',
    ),
    failing.length === 0 ? '' : `no answer from ${failing.join(', ')}`,
    away.length === 0 ? '' : `trouble with ${away.join(', ')}`,
  ].filter((part) => part !== '');
  const [first = calm(secrets.length), ...rest] = parts;
  return { tone, title, detail: `${[first, ...rest].join('; ')}.`.replace(/^./u, (letter) => letter.toUpperCase()) };
}

function told(all: number, some: number, what: string | { readonly one: string; readonly more: string }): string {
  if (some === 0) return '';
  const { one, more } = typeof what === 'string' ? { one: what, more: what } : what;
  return `${some} of ${all} ${all === 1 ? 'secret' : 'secrets'} ${some === 1 ? `is ${one}` : `are ${more}`}`;
}

function calm(secrets: number): string {
  if (secrets === 0) return 'no secret has been read yet';
  return secrets === 1 ? 'the one secret in memory is fresh' : `all ${secrets} secrets in memory are fresh`;
}

/** What an endpoint was asked, and what came of it. */
export function asked({ attempts, failures, inFlight, queued }: EndpointStatus): string {
  return listed([
    attempts === 0 ? 'never asked' : `asked ${times(attempts)}`,
    attempts === 0 ? '' : `${failures === 0 ? 'none' : count(failures)} failed`,
    inFlight === 0 ? '' : `${count(inFlight)} under way`,
    queued === 0 ? '' : `${count(queued)} waiting for their turn`,
  ]);
}

/** How an endpoint is treated for what came of it. */
export function treated({ breaker, probeIn, cooldownFor, p95, hedges, hedgesWon }: EndpointStatus): string {
  const breakers = {
    closed: 'breaker closed',
    open: `breaker open, ${probeIn === undefined || probeIn < second ? 'tried again by the next fetch' : `tried again in ${span(probeIn)}`}`,
    'half-open': 'breaker half-open, being tried again',
  };
  return listed([
    breakers[breaker],
    cooldownFor === undefined ? '' : `asked after the others for ${span(cooldownFor)}, because it throttles`,
    p95 === undefined ? '' : `95 in 100 answers within ${Math.ceil(p95)} ms`,
    hedges === 0 ? '' : `stood in for a slow one ${times(hedges)}, first ${times(hedgesWon)}`,
  ]);
}

/** What a store has yet to be told. */
export function owed({ waiting }: StoreStatus): string {
  return waiting === 0
    ? 'has been told everything'
    : `${count(waiting)} ${waiting === 1 ? 'secret' : 'secrets'} to be told of`;
}

function times(number: number): string {
  return number === 1 ? 'once' : number === 0 ? 'never' : `${count(number)} times`;
}

function listed(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
