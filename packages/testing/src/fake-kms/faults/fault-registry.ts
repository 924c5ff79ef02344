import type { CertificateFault } from '../certificates/pki.ts';

/** What can go wrong on purpose. Times are in milliseconds. */
export type FakeFault =
  /** 429 `Rejected.Throttling`; `retryAfter` goes out as the header `x-acs-retry-after`. */
  | { readonly kind: 'throttle'; readonly retryAfter?: number }
  /** Any refusal of KMS. Its usual text when there is no `message`. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message?: string }
  /** No answer, ever. */
  | { readonly kind: 'hang' }
  /** Headers and half of the body, then silence. */
  | { readonly kind: 'hangMidBody' }
  /** The connection is reset (RST). */
  | { readonly kind: 'reset' }
  /** The connection is closed in good order, without an answer. */
  | { readonly kind: 'closeSocket' }
  /** Fewer bytes than `content-length` promised, then the connection is closed. */
  | { readonly kind: 'truncate' }
  /** A load balancer's page. */
  | { readonly kind: 'html'; readonly status: number }
  /** A status without a body. */
  | { readonly kind: 'empty'; readonly status: number }
  /** 200, and a text that is no JSON. */
  | { readonly kind: 'malformed' }
  /** 200, and a JSON object without a secret in it. */
  | { readonly kind: 'wrongShape' }
  /** 200, and somebody else's secret. */
  | { readonly kind: 'otherSecret' }
  /** 200, and a JSON text of so many bytes; give more than 1 MiB to pass any sensible bound. */
  | { readonly kind: 'oversized'; readonly bytes: number }
  | { readonly kind: 'redirect'; readonly location: string }
  /** The right answer, late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The right answer, one byte every so many milliseconds. */
  | { readonly kind: 'drip'; readonly ms: number }
  /** The right answer in chunks, without a `content-length`; a chunk may end inside a character. */
  | { readonly kind: 'chunked' }
  /** The right answer, after which the server closes the connection. */
  | { readonly kind: 'connectionClose' }
  /** New connections are shown this certificate. Looks at the place only: no secret is named before the handshake. */
  | { readonly kind: 'certificate'; readonly of: CertificateFault };

/** Where a fault strikes, and how often; everywhere and until healed when left out. */
export interface FaultScope {
  /** The id of a region, for all that is in it, or of an instance. */
  readonly region?: string;
  readonly times?: number;
  readonly secretName?: string;
}

/** A shared gateway, by its region, or an instance in it. */
export interface FaultPlace {
  readonly region: string;
  readonly instance?: string | undefined;
}

export interface FaultHandle {
  /** Ends the fault. Requests that hang already go on hanging. */
  heal(): void;
  /** How often it struck. */
  readonly hits: number;
}

interface Planted {
  readonly fault: FakeFault;
  readonly scope: FaultScope;
  hits: number;
}

/** The faults in force, in the order they were planted: the first that fits strikes, so a script is read from its top. */
export class FaultBoard {
  readonly #planted = new Set<Planted>();

  plant(fault: FakeFault, scope: FaultScope = {}): FaultHandle {
    if (scope.times !== undefined && (!Number.isInteger(scope.times) || scope.times < 1)) {
      throw new TypeError('A fault strikes a whole number of times, once at least.');
    }
    const planted = { fault, scope, hits: 0 };
    this.#planted.add(planted);
    return {
      heal: () => {
        this.#planted.delete(planted);
      },
      get hits() {
        return planted.hits;
      },
    };
  }

  /** Removes every fault, or those planted for that region alone. */
  heal(region?: string): void {
    for (const planted of this.#planted) {
      if (region === undefined || planted.scope.region === region) this.#planted.delete(planted);
    }
  }

  /** The certificate a new connection there is to be shown. */
  strikeConnection(place: FaultPlace): CertificateFault | undefined {
    const fault = this.#strike((planted) => planted.fault.kind === 'certificate' && isIn(planted, place));
    return fault?.kind === 'certificate' ? fault.of : undefined;
  }

  /** What befalls a request for that secret there. */
  strikeRequest(place: FaultPlace, secretName: string | undefined): FakeFault | undefined {
    return this.#strike(
      (planted) => planted.fault.kind !== 'certificate' && isIn(planted, place) && isFor(planted, secretName),
    );
  }

  #strike(fits: (planted: Planted) => boolean): FakeFault | undefined {
    for (const planted of this.#planted) {
      if (!fits(planted)) continue;
      planted.hits += 1;
      if (planted.hits === planted.scope.times) this.#planted.delete(planted);
      return planted.fault;
    }
    return undefined;
  }
}

function isIn({ scope }: Planted, place: FaultPlace): boolean {
  return scope.region === undefined || isAt(place, scope.region);
}

/** A region's name means all that is in it: what befalls a region befalls its instances too. */
export function isAt({ region, instance }: FaultPlace, name: string): boolean {
  return name === region || name === instance;
}

/** Also when the request names the secret by its ARN. */
function isFor({ scope }: Planted, secretName: string | undefined): boolean {
  const { secretName: wanted } = scope;
  return wanted === undefined || secretName === wanted || secretName?.endsWith(`:secret/${wanted}`) === true;
}
