import type { SecretClient } from '@kms-secrets/core';
import { LoginGate } from './login-gate.ts';
import type { ResolvedRotation } from './options.ts';
import { RoundDelays } from './round-delays.ts';

interface SharedGate {
  readonly gate: LoginGate;
  readonly delays: RoundDelays;
  pools: number;
}

/** The gates of each client. Pools with the same secret share one. */
const gates = new WeakMap<SecretClient, Map<string, SharedGate>>();

/** What a pool needs of the gate that it shares with the other pools of its secret. */
export interface PoolGate {
  readonly gate: LoginGate;
  /** The pool has ended. The gate is closed with the last of its pools. */
  readonly release: () => void;
  /** The end of the patience of a connection that starts now; the clock's `now`. */
  readonly deadline: () => number;
}

export function acquireGate(rotation: ResolvedRotation): PoolGate {
  const { secrets, secret, stage, keys, patience, clock } = rotation;
  const ofClient = gates.get(secrets) ?? new Map<string, SharedGate>();
  gates.set(secrets, ofClient);
  const id = JSON.stringify([secret, stage, keys.user, keys.password]);
  const shared = ofClient.get(id) ?? newGate(rotation);
  ofClient.set(id, shared);
  shared.delays.limit(patience);
  shared.pools += 1;
  let isReleased = false;
  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    shared.pools -= 1;
    if (shared.pools > 0) return;
    ofClient.delete(id);
    shared.gate.close();
  };
  return { gate: shared.gate, release, deadline: () => clock.now() + patience };
}

function newGate({ secrets, secret, stage, keys, clock }: ResolvedRotation): SharedGate {
  const delays = new RoundDelays();
  const gate = new LoginGate({ handle: secrets.handle(secret, { stage }), keys, clock, delays });
  return { gate, delays, pools: 0 };
}
