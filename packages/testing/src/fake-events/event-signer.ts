import { generateKeyPairSync, sign } from 'node:crypto';
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

/** Signs requests as EventBridge does (version 2), with a key and a certificate of its own. */
export class EventSigner {
  readonly certificatePem: string;
  readonly #privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 });

  constructor() {
    const now = Date.now();
    this.certificatePem = issueCertificate({
      name: 'Fake EventBridge',
      keyPair: this.#privateKey,
      notBefore: now - day,
      notAfter: now + 90 * day,
    }).pem;
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
    const signature = sign('sha256', Buffer.from(text), this.#privateKey.privateKey).toString('base64');
    return { ...headers, 'x-eventbridge-signature-v2': signature };
  }
}
