import type { FakeKms } from '../fake-kms.ts';
import type { JsonFields } from '../json-fields.ts';

/** Handles the fields of a request body. Returns the response body. */
export type Route = (kms: FakeKms, fields: JsonFields) => unknown;

/** A route whose body has no fields. */
export function withoutFields(action: (kms: FakeKms) => unknown): Route {
  return async (kms, fields) => {
    fields.rejectUnknown();
    await action(kms);
  };
}

/** A route whose body has one string field. */
export function withString(field: string, action: (kms: FakeKms, text: string) => unknown): Route {
  return async (kms, fields) => {
    const text = fields.string(field);
    fields.rejectUnknown();
    await action(kms, text);
  };
}
