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
  readonly title: string;
  readonly detail: string;
}

/** What an operator wants to know first, in one line, and why. */
export function headline({ health, isClosed, secrets, endpoints }: Status): Headline {
  const title = { ok: 'All is well', degraded: 'Serving, with trouble', failing: 'Secrets cannot be served' }[health];
  if (isClosed) return { title, detail: 'The client is closed.' };
  const failing = endpoints.filter(({ state }) => state === 'failing').map(({ endpoint }) => endpoint);
  const parts = [
    told(secrets.length, secrets.filter(({ freshness }) => freshness === 'spent').length, 'too old to be served'),
    told(secrets.length, secrets.filter(({ freshness }) => freshness === 'stale').length, 'past its time'),
    told(
      secrets.length,
      secrets.filter(({ freshness, lastFailure }) => freshness === 'fresh' && lastFailure !== undefined).length,
      'fresh, but could not be refreshed',
    ),
    failing.length === 0 ? '' : `no answer from ${failing.join(', ')}`,
  ].filter((part) => part !== '');
  const [first = calm(secrets.length), ...rest] = parts;
  return { title, detail: `${[first, ...rest].join('; ')}.`.replace(/^./u, (letter) => letter.toUpperCase()) };
}

function told(all: number, some: number, what: string): string {
  if (some === 0) return '';
  return `${some} of ${all} ${all === 1 ? 'secret' : 'secrets'} ${some === 1 ? 'is' : 'are'} ${what}`;
}

function calm(secrets: number): string {
  if (secrets === 0) return 'no secret has been read yet';
  return secrets === 1 ? 'the one secret in memory is fresh' : `all ${secrets} secrets in memory are fresh`;
}
