import type { CertificateFault } from '../certificates/pki.ts';
import type { FakeFault, FaultHandle, FaultScope } from './fault.ts';
import { validateFault, validateFaultScope } from './parse-fault.ts';

/** Where a request arrives: the shared gateway of a region, or an instance in it. */
export interface FaultTarget {
  readonly region: string;
  readonly instance?: string | undefined;
}

interface ActiveFault {
  readonly fault: FakeFault;
  readonly scope: FaultScope;
  hits: number;
}

/** The active faults. If several match a request, the one added first applies, so a test reads them as a script. */
export class FaultRegistry {
  readonly #active = new Set<ActiveFault>();

  /** Throws a `TypeError` for an unknown kind, a missing, invalid or unknown field, or an invalid `times`. */
  add(fault: FakeFault, scope: FaultScope = {}): FaultHandle {
    validateFault(fault);
    if (scope.times !== undefined && (!Number.isInteger(scope.times) || scope.times < 1)) {
      throw new TypeError('times of a fault must be a whole number, at least 1.');
    }
    validateFaultScope(scope);
    const active = { fault, scope, hits: 0 };
    this.#active.add(active);
    return {
      heal: () => {
        this.#active.delete(active);
      },
      get hits() {
        return active.hits;
      },
    };
  }

  /** Removes all faults, or those that were added for that region. */
  heal(region?: string): void {
    for (const active of this.#active) {
      if (region === undefined || active.scope.region === region) this.#active.delete(active);
    }
  }

  /** Takes the certificate fault of a new connection. Counts as a hit. */
  takeCertificateFault(target: FaultTarget): CertificateFault | undefined {
    const fault = this.#take((active) => active.fault.kind === 'certificate' && isInScope(active.scope, target));
    return fault?.kind === 'certificate' ? fault.of : undefined;
  }

  /** Takes the fault of a request. Counts as a hit. */
  takeRequestFault(target: FaultTarget, secretNames: readonly string[]): FakeFault | undefined {
    return this.#take(
      ({ fault, scope }) =>
        fault.kind !== 'certificate' && isInScope(scope, target) && matchesSecret(scope, secretNames),
    );
  }

  #take(matches: (active: ActiveFault) => boolean): FakeFault | undefined {
    for (const active of this.#active) {
      if (!matches(active)) continue;
      active.hits += 1;
      if (active.hits === active.scope.times) this.#active.delete(active);
      return active.fault;
    }
    return undefined;
  }
}

function isInScope({ region }: FaultScope, target: FaultTarget): boolean {
  return region === undefined || matchesTarget(target, region);
}

/** The id of a region also matches its instances. */
export function matchesTarget({ region, instance }: FaultTarget, id: string): boolean {
  return id === region || id === instance;
}

/** A request may name the secret by its ARN, and a batch names several. */
function matchesSecret({ secretName }: FaultScope, names: readonly string[]): boolean {
  if (secretName === undefined) return true;
  return names.some((name) => name === secretName || name.endsWith(`:secret/${secretName}`));
}
