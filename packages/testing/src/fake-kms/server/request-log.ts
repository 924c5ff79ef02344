import type { ProtocolName } from '../protocols/protocol.ts';

/** A request that the fake received. Contains no signature, token or value, so it can be printed. */
export interface RequestRecord {
  /** Milliseconds since 1970, by the fake's clock. */
  readonly at: number;
  readonly region: string;
  /** The id of the instance. `undefined` for the shared gateway of the region. */
  readonly instance: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly protocol: ProtocolName;
  readonly action: string | undefined;
  readonly secretName: string | undefined;
  /** The names in a BatchGetSecretValue request. */
  readonly secretNames?: readonly string[] | undefined;
  readonly versionStage: string | undefined;
  readonly versionId: string | undefined;
  readonly accessKeyId: string | undefined;
  /** `undefined` before the response, and if a fault suppressed the response. */
  readonly status: number | undefined;
  /** The KMS error code of an error response. */
  readonly code: string | undefined;
  /** The header names in lower case, without values. */
  readonly headers: readonly string[];
  /** Numbers the connections from 1. Requests with equal numbers used the same keep-alive connection. */
  readonly connectionId: number;
}

export interface OpenRecord {
  complete(status: number, code: string | undefined): void;
}

/** The requests in the order of their arrival. */
export class RequestLog {
  #records: RequestRecord[] = [];

  get records(): readonly RequestRecord[] {
    return [...this.#records];
  }

  add(request: Omit<RequestRecord, 'status' | 'code'>): OpenRecord {
    const record: { -readonly [Key in keyof RequestRecord]: RequestRecord[Key] } = {
      ...request,
      status: undefined,
      code: undefined,
    };
    this.#records.push(record);
    return {
      complete(status, code) {
        record.status = status;
        record.code = code;
      },
    };
  }

  clear(): void {
    this.#records = [];
  }
}
