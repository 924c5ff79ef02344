import type { ReactNode } from 'react';
import style from './board.module.css';
import { Mark, Tag } from './mark.tsx';
import type { Tone } from './mark.tsx';
import type { Status } from './status.ts';
import {
  ago,
  duration,
  endpointSummary,
  expirySummary,
  headline,
  number,
  requestSummary,
  storeSummary,
} from './format.ts';
import { Name } from './name.tsx';
import { Secrets } from './secrets.tsx';

type StoreView = Status['stores'][number];
type ExpiryView = Status['expiries'][number];
type EndpointView = Status['endpoints'][number];

/** @param silentFor - milliseconds since the process responded last; 0 if the last request succeeded. */
export function Board({ status, silentFor }: { readonly status: Status; readonly silentFor: number }): ReactNode {
  const isSilent = silentFor > 0;
  const { tone, title, detail } = headline(status);
  const shownTone: Tone = isSilent ? 'idle' : tone;
  return (
    <main className={style['board']}>
      <header className={style['head']}>
        <p className={style['brand']}>Secrets of this process</p>
        <p className={style['live']} data-silent={isSilent}>
          {isSilent ? `no response for ${duration(silentFor)}` : 'live'}
        </p>
      </header>

      <section className={style['headline']} data-tone={shownTone} role="status">
        <Mark tone={shownTone} />
        <div>
          <h1>{isSilent ? 'This process does not respond' : title}</h1>
          <p>{isSilent ? 'This is its last known state.' : detail}</p>
        </div>
      </section>

      <Stats stats={status.stats} hasStores={status.stores.length > 0} />
      <Secrets secrets={status.secrets} />
      <Endpoints endpoints={status.endpoints} />
      {status.stores.length > 0 && <Stores stores={status.stores} />}
      {status.expiries.length > 0 && <Expiries expiries={status.expiries} problems={status.problems} />}
    </main>
  );
}

function Stats({ stats, hasStores }: { readonly stats: Status['stats']; readonly hasStores: boolean }): ReactNode {
  const reads = stats.hits + stats.misses + stats.staleReads;
  const hitRate = reads === 0 ? '' : `${((stats.hits / reads) * 100).toFixed(reads < 1_000 ? 0 : 1)} % of all reads`;
  const figures: readonly (readonly [string, number, string])[] = [
    ['Memory hits', stats.hits, hitRate],
    ['Misses', stats.misses, stats.inFlight === 0 ? '' : `${stats.inFlight} in flight`],
    ['Stale reads', stats.staleReads, ''],
    ...(hasStores ? [['Store hits', stats.storeHits, `${number(stats.storeMisses)} missed`] as const] : []),
    ['Fetches', stats.fetches, stats.failedFetches === 0 ? 'none failed' : `${number(stats.failedFetches)} failed`],
    ['Rotations', stats.rotations, ''],
  ];
  return (
    <dl className={style['stats']}>
      {figures.map(([name, value, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <strong>{number(value)}</strong>
            <span>{note}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Endpoints({ endpoints }: { readonly endpoints: readonly EndpointView[] }): ReactNode {
  return (
    <section className={style['card']} aria-labelledby="endpoints">
      <h2 id="endpoints">Endpoints</h2>
      <ol className={style['endpoints']}>
        {endpoints.map((endpoint) => (
          <EndpointRow key={endpoint.endpoint} endpoint={endpoint} />
        ))}
      </ol>
    </section>
  );
}

function EndpointRow({ endpoint }: { readonly endpoint: EndpointView }): ReactNode {
  const { endpoint: name, state, breaker, lastFailure } = endpoint;
  const tone = ({ healthy: 'ok', failing: 'failing', unknown: 'idle' } as const)[state];
  const label = { healthy: 'Healthy', failing: 'Failing', unknown: 'Not used yet' }[state];
  return (
    <li data-endpoint={name}>
      <Name>{name}</Name>
      <span className={style['tags']}>
        <Tag tone={tone}>{label}</Tag>
        {breaker !== 'closed' && <Tag tone="degraded">{breaker === 'open' ? 'Breaker open' : 'Breaker half-open'}</Tag>}
      </span>
      <span className={style['summary']}>
        {requestSummary(endpoint)}
        <span className={style['note']}>{endpointSummary(endpoint)}</span>
      </span>
      {state === 'failing' && lastFailure !== undefined && (
        <Failure tone={tone} title={lastFailure.failure} ago={lastFailure.ago} message={lastFailure.message} />
      )}
    </li>
  );
}

function Stores({ stores }: { readonly stores: readonly StoreView[] }): ReactNode {
  return (
    <section className={style['card']} aria-labelledby="stores">
      <h2 id="stores">Stores</h2>
      <ol className={style['endpoints']}>
        {stores.map((store) => (
          <StoreRow key={store.store} store={store} />
        ))}
      </ol>
    </section>
  );
}

const storeTones = {
  working: 'ok',
  failing: 'degraded',
  partlyUnavailable: 'degraded',
  unavailable: 'failing',
} as const;
const storeLabels = {
  working: 'Working',
  failing: 'Failing',
  partlyUnavailable: 'Partly unavailable',
  unavailable: 'Unavailable',
} as const;

function StoreRow({ store }: { readonly store: StoreView }): ReactNode {
  const { store: name, state, lastFailure, lastDropped, foreignKeys } = store;
  const tone = storeTones[state];
  return (
    <li data-store={name}>
      <Name>{name}</Name>
      <span className={style['tags']}>
        <Tag tone={tone}>{storeLabels[state]}</Tag>
      </span>
      <span className={style['summary']}>{storeSummary(store)}</span>
      {state !== 'working' && lastFailure !== undefined && (
        <Failure tone={tone} title="failed" ago={lastFailure.ago} message={lastFailure.message} />
      )}
      {foreignKeys !== undefined && (
        <Failure tone="degraded" title="foreign keys" ago={foreignKeys.ago} message={foreignKeys.message} />
      )}
      {lastDropped !== undefined && (
        <Failure tone="degraded" title="dropped" ago={lastDropped.ago} message={lastDropped.message} />
      )}
    </li>
  );
}

function Expiries({ expiries, problems }: Pick<Status, 'expiries' | 'problems'>): ReactNode {
  const expiring = problems.find(({ kind }) => kind === 'expiring')?.names ?? [];
  return (
    <section className={style['card']} aria-labelledby="expiries">
      <h2 id="expiries">Expiry</h2>
      <ol className={style['endpoints']}>
        {expiries.map((expiry) => (
          <ExpiryRow key={expiry.name} expiry={expiry} isExpiring={expiring.includes(expiry.name)} />
        ))}
      </ol>
    </section>
  );
}

function ExpiryRow({ expiry, isExpiring }: { readonly expiry: ExpiryView; readonly isExpiring: boolean }): ReactNode {
  const { name, expiresIn, lastFailure } = expiry;
  const tone: Tone = expiresIn <= 0 ? 'failing' : isExpiring ? 'degraded' : 'ok';
  const label = { failing: 'Expired', degraded: 'Expiring', ok: 'Valid', idle: '' }[tone];
  return (
    <li data-expiry={name}>
      <Name>{name}</Name>
      <span className={style['tags']}>
        <Tag tone={tone}>{label}</Tag>
      </span>
      <span className={style['summary']}>
        {expirySummary(expiry)}
        {lastFailure !== undefined && <span className={style['note']}>{lastFailure}</span>}
      </span>
    </li>
  );
}

function Failure(props: {
  readonly tone: Tone;
  readonly title: string;
  readonly ago: number;
  readonly message: string;
}): ReactNode {
  return (
    <span className={style['failure']} data-tone={props.tone}>
      <strong>{props.title}</strong> {ago(props.ago)}
      <span className={style['note']}>{props.message}</span>
    </span>
  );
}
