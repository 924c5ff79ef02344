import type { FakeKms } from '../fake-kms.ts';
import type { JsonFields } from '../json-fields.ts';

/** What a route does with the fields of the body; what it returns is the answer. */
export type Route = (kms: FakeKms, fields: JsonFields) => unknown;

/** For a method that takes nothing. */
export function bare(act: (kms: FakeKms) => unknown): Route {
  return async (kms, fields) => {
    fields.end();
    await act(kms);
  };
}

/** For a method that takes one text. */
export function byText(field: string, act: (kms: FakeKms, text: string) => unknown): Route {
  return async (kms, fields) => {
    const text = fields.text(field);
    fields.end();
    await act(kms, text);
  };
}
