import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { issueCertificate } from '../fake-kms/certificates/certificate.ts';

/** What a signature of EventBridge is made from. */
export interface SignedRequest {
  /** The URL of the target. */
  readonly url: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly certificateUrl: string;
  readonly token?: string | undefined;
}

const day = 86_400_000;

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly certificatePem: string;
}

let shared: SigningKey | undefined;

/** The key of this process, created once: it takes longer than starting a fake. */
function processKey(): SigningKey {
  shared ??= createKey(Date.now());
  return shared;
}

function createKey(now: number): SigningKey {
  const keyPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const validity = { notBefore: now - day, notAfter: now + 90 * day };
  const { pem } = issueCertificate({ name: 'Fake EventBridge', keyPair, ...validity });
  return { privateKey: keyPair.privateKey, certificatePem: pem };
}

/** Signs requests as EventBridge does (version 2). */
export class EventSigner {
  readonly #key = processKey();

  get certificatePem(): string {
    return this.#key.certificatePem;
  }

  /** The headers of a signed request. */
  sign({ url, body, at, certificateUrl, token }: SignedRequest): Record<string, string> {
    const headers = {
      'x-eventbridge-signature-timestamp': String(at),
      'x-eventbridge-hash-method': 'SHA256',
      'x-eventbridge-signature-version': '1.0',
      'x-eventbridge-signature-url': certificateUrl,
      ...(token !== undefined && { 'x-eventbridge-signature-token': token }),
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const text = [url, ...lines, body].join('\n');
    const signature = sign('sha256', Buffer.from(text), this.#key.privateKey).toString('base64');
    return { ...headers, 'x-eventbridge-signature-v2': signature };
  }
}
