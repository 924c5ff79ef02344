import { useState } from 'react';
import type { ReactNode } from 'react';
import style from './board.module.css';
import { ago, date, duration, nextRefresh, shortVersion, shownOf, versionSummary } from './format.ts';
import { Tag } from './mark.tsx';
import { Name } from './name.tsx';
import { matchingSecrets, toneOf } from './secret-order.ts';
import type { Status } from './status.ts';

type SecretView = Status['secrets'][number];

/** More rows make the page slow. Those that are worst are shown. */
const maxRows = 200;

export function Secrets({ secrets }: { readonly secrets: readonly SecretView[] }): ReactNode {
  const [search, setSearch] = useState('');
  const matching = matchingSecrets(secrets, search);
  return (
    <section className={style['card']} aria-labelledby="secrets">
      <h2 id="secrets">Secrets</h2>
      {secrets.length === 0 ? (
        <p className={style['empty']}>No secret has been read yet. A secret appears here after its first read.</p>
      ) : (
        <>
          <p className={style['search']}>
            <input
              type="search"
              aria-label="Search secrets"
              placeholder="Name or state"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
            <span className={style['note']}>{shownOf(Math.min(matching.length, maxRows), secrets.length)}</span>
          </p>
          {/* Explicit roles: the phone layout changes `display`, which would remove the implicit ones. */}
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
              {matching.slice(0, maxRows).map((secret) => (
                <SecretRow key={`${secret.name} ${secret.stage ?? secret.versionId}`} secret={secret} />
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}

function SecretRow({ secret }: { readonly secret: SecretView }): ReactNode {
  const { name, stage, type, versionId, nextRefreshIn, lastFailure } = secret;
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
        {versionId === undefined ? '–' : <code title={versionId}>{shortVersion(versionId)}</code>}
        <span className={style['detail']}>{versionSummary(secret)}</span>
      </td>
      <td role="cell" data-label="Age">
        <AgeCell secret={secret} />
      </td>
      <td role="cell" data-label="Next refresh">
        {nextRefresh(nextRefreshIn)}
        {secret.rotation?.isMissed === true && (
          <span className={style['detail']}>rotation missed: {date(secret.rotation.nextAt)}</span>
        )}
      </td>
      {lastFailure !== undefined && (
        <td role="cell" data-label="Last failure" className={style['failure']} data-tone={toneOf(secret)}>
          <details>
            <summary>
              <strong>{lastFailure.code}</strong> {ago(lastFailure.ago)}
              {`, failing for ${duration(lastFailure.failingFor)}`}
              {lastFailure.times > 1 && `, ${lastFailure.times} consecutive failures`}
            </summary>
            <span className={style['note']}>{lastFailure.message}</span>
          </details>
        </td>
      )}
    </tr>
  );
}

/** The age, and if the value is stale, when it expires. */
function AgeCell({ secret }: { readonly secret: SecretView }): ReactNode {
  const { age, ttl, freshness, expiresIn } = secret;
  if (age === undefined || ttl === undefined) return <span className={style['age']}>not in memory</span>;
  return (
    <>
      <span className={style['age']}>
        {duration(age)} <span className={style['note']}>of {duration(ttl)}</span>
      </span>
      {freshness === 'stale' && expiresIn !== undefined && (
        <span className={style['note']}>expires in {duration(expiresIn)}</span>
      )}
      <span className={style['bar']} aria-hidden="true">
        <span style={{ inlineSize: `${Math.min(100, (age / ttl) * 100)}%` }} data-tone={toneOf(secret)} />
      </span>
    </>
  );
}

function FreshnessTag({ secret }: { readonly secret: SecretView }): ReactNode {
  const label = { fresh: 'Fresh', stale: 'Stale', expired: 'Expired', refused: 'Refused', missing: 'Missing' }[
    secret.freshness
  ];
  return <Tag tone={toneOf(secret)}>{label}</Tag>;
}
