import type { ProtocolName } from '../protocols/protocol.ts';

/** A request as the fake saw it. Holds no signature, token or value: it may be printed. */
export interface RequestRecord {
  /** By the fake's clock. */
  readonly at: number;
  readonly region: string;
  /** Its id, when it was asked and not the shared gateway of the region. */
  readonly instance: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly protocol: ProtocolName;
  readonly action: string | undefined;
  readonly secretName: string | undefined;
  /** The names of a batch (BatchGetSecretValue). */
  readonly secretNames?: readonly string[] | undefined;
  readonly versionStage: string | undefined;
  readonly versionId: string | undefined;
  readonly accessKeyId: string | undefined;
  /** `undefined` while there is no answer, and for good where a fault withheld it. */
  readonly status: number | undefined;
  /** KMS's code when it was refused. */
  readonly code: string | undefined;
  /** The names alone, in lower case. */
  readonly headers: readonly string[];
  /** Which connection it came over, counted from 1: equal numbers mean that one was kept alive. */
  readonly connectionId: number;
}

export interface OpenRecord {
  answered(status: number, code: string | undefined): void;
}

/** What was asked, in the order it arrived. */
export class RequestLog {
  #records: RequestRecord[] = [];

  get records(): readonly RequestRecord[] {
    return [...this.#records];
  }

  add(asked: Omit<RequestRecord, 'status' | 'code'>): OpenRecord {
    const record: { -readonly [Key in keyof RequestRecord]: RequestRecord[Key] } = {
      ...asked,
      status: undefined,
      code: undefined,
    };
    this.#records.push(record);
    return {
      answered(status, code) {
        record.status = status;
        record.code = code;
      },
    };
  }

  clear(): void {
    this.#records = [];
  }
}
