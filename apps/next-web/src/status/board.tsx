import { Fragment } from 'react';
import type { ReactNode } from 'react';
import style from './board.module.css';
import { Mark, Tag } from './mark.tsx';
import type { Tone } from './mark.tsx';
import type { Status } from './status.ts';
import { ago, asked, count, headline, owed, span, treated } from './words.ts';

type SecretView = Status['secrets'][number];
type StoreView = Status['stores'][number];
type EndpointView = Status['endpoints'][number];

/** @param lost - milliseconds for which the process has not answered the page. */
export function Board({ status, lost }: { readonly status: Status; readonly lost: number }): ReactNode {
  const { tone: told, title, detail } = headline(status);
  const tone: Tone = lost > 0 ? 'idle' : told;
  return (
    <main className={style['board']}>
      <header className={style['head']}>
        <p className={style['brand']}>Secrets of this process</p>
        <p className={style['live']} data-lost={lost > 0}>
          {lost > 0 ? `no answer for ${span(lost)}` : 'live'}
        </p>
      </header>

      <section className={style['verdict']} data-tone={tone} role="status">
        <Mark tone={tone} />
        <div>
          <h1>{lost > 0 ? 'This process does not answer' : title}</h1>
          <p>{lost > 0 ? 'What stands below is the last that was heard of it.' : detail}</p>
        </div>
      </section>

      <Tallies stats={status.stats} hasStores={status.stores.length > 0} />
      <Secrets secrets={status.secrets} />
      <Endpoints endpoints={status.endpoints} />
      {status.stores.length > 0 && <Stores stores={status.stores} />}
    </main>
  );
}

function Tallies({ stats, hasStores }: { readonly stats: Status['stats']; readonly hasStores: boolean }): ReactNode {
  const reads = stats.hits + stats.misses + stats.staleReads;
  const share = reads === 0 ? '' : `${((stats.hits / reads) * 100).toFixed(reads < 1_000 ? 0 : 1)} % of all reads`;
  const figures: readonly (readonly [string, number, string])[] = [
    ['From memory', stats.hits, share],
    ['Waited for a fetch', stats.misses, stats.inFlight === 0 ? '' : `${stats.inFlight} under way`],
    ['Served stale', stats.staleReads, ''],
    ...(hasStores ? [['Found in a store', stats.storeHits, `${count(stats.storeMisses)} not found`] as const] : []),
    ['Fetches', stats.fetches, stats.failedFetches === 0 ? 'none failed' : `${count(stats.failedFetches)} failed`],
    ['Rotations', stats.rotations, ''],
  ];
  return (
    <dl className={style['tallies']}>
      {figures.map(([name, number, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <strong>{count(number)}</strong>
            <span>{note}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Secrets({ secrets }: { readonly secrets: readonly SecretView[] }): ReactNode {
  return (
    <section className={style['sheet']} aria-labelledby="secrets">
      <h2 id="secrets">Secrets</h2>
      {secrets.length === 0 ? (
        <p className={style['empty']}>Nothing has been read yet. A secret shows here after its first read.</p>
      ) : (
        // The roles are said, because a table that is laid out for a phone would lose them.
        <table role="table" className={style['table']}>
          <thead role="rowgroup">
            <tr role="row">
              {['Secret', 'State', 'Version', 'Age', 'Next refresh'].map((name) => (
                <th key={name} role="columnheader" scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {secrets.toSorted(worstFirst).map((secret) => (
              <SecretRow key={`${secret.name} ${secret.stage ?? secret.versionId}`} secret={secret} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function SecretRow({ secret }: { readonly secret: SecretView }): ReactNode {
  const { name, stage, type, versionId, age, ttl, nextRefreshIn, lastFailure } = secret;
  return (
    <tr role="row" data-secret={name}>
      <th role="rowheader" scope="row">
        <Name>{name}</Name>
        <span className={style['note']}>{[stage, type].filter((part) => part !== undefined).join(' · ')}</span>
      </th>
      <td role="cell" data-label="State">
        <FreshnessTag secret={secret} />
      </td>
      <td role="cell" data-label="Version">
        <code title={versionId}>{versionId.length > 12 ? `${versionId.slice(0, 8)}…` : versionId}</code>
      </td>
      <td role="cell" data-label="Age">
        <span className={style['age']}>
          {span(age)} <span className={style['note']}>of {span(ttl)}</span>
        </span>
        <span className={style['bar']} aria-hidden="true">
          <span style={{ inlineSize: `${Math.min(100, (age / ttl) * 100)}%` }} data-tone={toneOf(secret)} />
        </span>
      </td>
      <td role="cell" data-label="Next refresh">
        {nextRefreshIn === undefined ? 'at the next read' : nextRefreshIn < 1_000 ? 'now' : `in ${span(nextRefreshIn)}`}
      </td>
      {lastFailure !== undefined && (
        <td role="cell" data-label="Last failure" className={style['failure']} data-tone={toneOf(secret)}>
          <details>
            <summary>
              <strong>{lastFailure.code}</strong> {ago(lastFailure.ago)}
              {lastFailure.times > 1 && `, ${lastFailure.times} times in a row`}
            </summary>
            <span className={style['note']}>{lastFailure.message}</span>
          </details>
        </td>
      )}
    </tr>
  );
}

/** Breaks at its slashes, before it breaks anywhere. */
function Name({ children }: { readonly children: string }): ReactNode {
  const parts = children.split(/(?<=\/)/u);
  return (
    <span className={style['name']}>
      {parts.map((part, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </span>
  );
}

function FreshnessTag({ secret }: { readonly secret: SecretView }): ReactNode {
  const words = { fresh: 'Fresh', stale: 'Stale', expired: 'Expired' }[secret.freshness];
  return <Tag tone={toneOf(secret)}>{words}</Tag>;
}

const urgency: Readonly<Record<Tone, number>> = { failing: 0, degraded: 1, ok: 2, idle: 2 };

/** Among hundreds of secrets, those that are in trouble are what the page is opened for. */
function worstFirst(one: SecretView, other: SecretView): number {
  return urgency[toneOf(one)] - urgency[toneOf(other)];
}

function toneOf({ freshness, lastFailure }: SecretView): Tone {
  if (freshness === 'expired') return 'failing';
  return freshness === 'stale' || lastFailure !== undefined ? 'degraded' : 'ok';
}

function Endpoints({ endpoints }: { readonly endpoints: readonly EndpointView[] }): ReactNode {
  return (
    <section className={style['sheet']} aria-labelledby="endpoints">
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
  const words = { healthy: 'Healthy', failing: 'Failing', unknown: 'Not used yet' }[state];
  return (
    <li data-endpoint={name}>
      <Name>{name}</Name>
      <span className={style['tags']}>
        <Tag tone={tone}>{words}</Tag>
        {breaker !== 'closed' && <Tag tone="degraded">{breaker === 'open' ? 'Left alone' : 'Tried again'}</Tag>}
      </span>
      <span className={style['asked']}>
        {asked(endpoint)}
        <span className={style['note']}>{treated(endpoint)}</span>
      </span>
      {lastFailure !== undefined && (
        <Failure tone={tone} title={lastFailure.failure} ago={lastFailure.ago} message={lastFailure.message} />
      )}
    </li>
  );
}

function Stores({ stores }: { readonly stores: readonly StoreView[] }): ReactNode {
  return (
    <section className={style['sheet']} aria-labelledby="stores">
      <h2 id="stores">Stores</h2>
      <ol className={style['endpoints']}>
        {stores.map((store) => (
          <StoreRow key={store.store} store={store} />
        ))}
      </ol>
    </section>
  );
}

function StoreRow({ store }: { readonly store: StoreView }): ReactNode {
  const { store: name, state, lastFailure } = store;
  const tone = ({ working: 'ok', failing: 'degraded', unavailable: 'failing' } as const)[state];
  const words = { working: 'Working', failing: 'Failing', unavailable: 'Unavailable' }[state];
  return (
    <li data-store={name}>
      <Name>{name}</Name>
      <span className={style['tags']}>
        <Tag tone={tone}>{words}</Tag>
      </span>
      <span className={style['asked']}>{owed(store)}</span>
      {lastFailure !== undefined && (
        <Failure tone={tone} title="failed" ago={lastFailure.ago} message={lastFailure.message} />
      )}
    </li>
  );
}

function Failure(told: {
  readonly tone: Tone;
  readonly title: string;
  readonly ago: number;
  readonly message: string;
}): ReactNode {
  return (
    <span className={style['failure']} data-tone={told.tone}>
      <strong>{told.title}</strong> {ago(told.ago)}
      <span className={style['note']}>{told.message}</span>
    </span>
  );
}
