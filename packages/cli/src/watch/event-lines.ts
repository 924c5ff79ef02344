import type { SecretClient } from '@kms-secrets/core/internal';
import { describeDuration, safeMessage } from '@kms-secrets/core/internal';
import { plain } from './table.ts';

/** Calls `report` with a line for each rotation, failure and recovery. Returns a function that stops it. */
export function reportEvents(client: SecretClient, report: (line: string) => void): () => void {
  const failing = new Set<string>();
  const recovered = (name: string): void => {
    if (failing.delete(name)) report(`${plain(name)} could be read again`);
  };
  const stops = [
    client.on('refreshed', ({ name }) => recovered(name)),
    client.on('rotated', ({ name, versionId = '-', previousVersionId, lag }) => {
      const delay = lag === undefined ? '' : `, ${describeDuration(lag)} after the rotation`;
      report(plain(`${name} rotated from version ${previousVersionId} to ${versionId}${delay}`));
    }),
    client.on('rotationMissed', ({ name, nextAt }) =>
      report(plain(`${name} was not rotated at ${new Date(nextAt).toISOString()}`)),
    ),
    client.on('failed', ({ name, error }) => {
      failing.add(name);
      report(plain(`${name} could not be read: ${safeMessage(error)}`));
    }),
    client.on('dropped', ({ name, reason }) => report(plain(`${name} is no longer served: ${reason}`))),
    client.on('endpoint', ({ endpoint, state, failure }) =>
      report(plain(`endpoint ${endpoint} is ${state}${failure === undefined ? '' : `: ${failure}`}`)),
    ),
    client.on('identity', ({ state, message }) =>
      report(plain(`credentials ${state}${message === undefined ? '' : `: ${message}`}`)),
    ),
    client.on('expiring', ({ message }) => report(plain(message))),
    client.on('store', ({ store, kind, error }) =>
      report(plain(`${store} ${kind}${error === undefined ? '' : `: ${safeMessage(error)}`}`)),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
