// Compiled, not run.
import type { Request, RequestHandler } from 'express';
import type { NameOf, NamesOf, Secret, SecretClient, SecretName } from './index.ts';
import { getSecrets, secrets } from './index.ts';

/** A Standard Schema validator of no particular library. */
interface SchemaOf<Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: Output };
    readonly types?: { readonly input: unknown; readonly output: Output };
  };
}
interface User {
  readonly user: string;
}
declare const schema: SchemaOf<User>;
declare const other: SchemaOf<{ readonly token: string }>;
declare const client: SecretClient;

// The middleware has the type of @types/express, and the import types the request.
export const middleware: RequestHandler = secrets({ endpoints: ['cn-hangzhou'] }, { preload: ['prod/db'] });
export const route: RequestHandler = (req, _res, next) => {
  const secret: Promise<Secret> = req.secrets.get('prod/db');
  const text: string = req.secrets.text('prod/db');
  const user: string = req.secrets.json('prod/db', schema).user;
  // @ts-expect-error -- unknown without a schema
  const unchecked: string = req.secrets.json('prod/db').user;
  // @ts-expect-error -- a Secret is not a string
  const value: string = req.secrets.secret('prod/db');
  // @ts-expect-error -- read-only
  req.secrets = { secret, text, user, unchecked, value };
  next();
};

// Without declared names, any string is a name.
export const any = (name: string): SecretName => name;
export const declared: NameOf<{ 'prod/db': unknown }> = 'prod/db';
// @ts-expect-error -- a misspelt name
export const misspelt: NameOf<{ 'prod/db': unknown }> = 'prod/bd';

// A name with a type has a schema, and json() returns the type.
export const typed = secrets<{ db: User; key: unknown }>(client, { preload: ['db', 'key'], schemas: { db: schema } });
export function read(req: Request): readonly unknown[] {
  const { user }: User = getSecrets(req, typed).json('db');
  const key: string = getSecrets(req, typed).text('key');
  // @ts-expect-error -- declared without a type
  const inKey: string = getSecrets(req, typed).json('key').user;
  // @ts-expect-error -- a misspelt name
  const typo = getSecrets(req, typed).text('bd');
  return [user, key, inKey, typo];
}
// @ts-expect-error -- a misspelt name to preload
export const wrongName = secrets<{ key: unknown }>(client, { preload: ['kye'] });
// @ts-expect-error -- the type of db has no schema
export const unchecked = secrets<{ db: User }>(client, { preload: ['db'] });
// @ts-expect-error -- the same
export const uncheckedToo = secrets<{ db: User }>(client);
// @ts-expect-error -- the schema has another output type
export const otherType = secrets<{ db: User }>(client, { schemas: { db: other } });
export const untyped = secrets<{ key: unknown }>(client);
export const undeclared = secrets(client, { schemas: { db: schema, api: other } });

// The types can come from the schemas.
const schemas = { db: schema, api: other };
export const derived = secrets<NamesOf<typeof schemas>>(client, { schemas });
export const token = (req: Request): string => getSecrets(req, derived).json('api').token;

// Without declared clients, any string is the name of one.
export const billing = (req: Request): string => req.secrets.of('billing').text('stripe');
