import type { CertificateFault } from '../certificates/pki.ts';

/** A fault to inject. Times are in milliseconds. */
export type FakeFault =
  /** 429 `Rejected.Throttling`. `retryAfter` is sent as the header `x-acs-retry-after`. */
  | { readonly kind: 'throttle'; readonly retryAfter?: number }
  /** A KMS error. Default message: the documented text of the code. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message?: string }
  /** No response; the connection stays open. */
  | { readonly kind: 'hang' }
  /** The headers and half of the body; the connection stays open. */
  | { readonly kind: 'hangMidBody' }
  /** Resets the connection (RST). */
  | { readonly kind: 'reset' }
  /** Closes the connection (FIN) without a response. */
  | { readonly kind: 'closeSocket' }
  /** Fewer bytes than `content-length`, then closes the connection. */
  | { readonly kind: 'truncate' }
  /** An HTML page, as a load balancer sends it. */
  | { readonly kind: 'html'; readonly status: number }
  /** JSON with a code and without a request id, as a firewall sends it. */
  | { readonly kind: 'firewall'; readonly status: number }
  /** A status without a body. */
  | { readonly kind: 'empty'; readonly status: number }
  /** 200 with a body that is not valid JSON or protobuf. */
  | { readonly kind: 'malformed' }
  /** 200 with a valid message that has no secret. */
  | { readonly kind: 'wrongShape' }
  /** 200 with another secret, `other-secret`. */
  | { readonly kind: 'otherSecret' }
  /** 200 with a valid message of that many bytes, about the secret `other-secret`. */
  | { readonly kind: 'oversized'; readonly bytes: number }
  | { readonly kind: 'redirect'; readonly location: string }
  /** The correct response, delayed. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The correct response, one byte every `ms` milliseconds. */
  | { readonly kind: 'drip'; readonly ms: number }
  /** The correct response in chunks, without `content-length`. A chunk may end inside a character. */
  | { readonly kind: 'chunked' }
  /** The correct response with `connection: close`. */
  | { readonly kind: 'connectionClose' }
  /** New connections get this certificate. Ignores `secretName`, which is unknown during the handshake. */
  | { readonly kind: 'certificate'; readonly of: CertificateFault };

/** The requests that a fault applies to. Default: all requests, until it is healed. */
export interface FaultScope {
  /** The id of a region, which includes its instances, or of an instance. */
  readonly region?: string;
  /** The number of requests. */
  readonly times?: number;
  /** Matches a request by name or by ARN. */
  readonly secretName?: string;
}

export interface FaultHandle {
  /** Removes the fault. Requests that already hang continue to hang. */
  heal(): void;
  /** The number of requests or connections that got the fault. */
  readonly hits: number;
}
