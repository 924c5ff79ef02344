// Compiled, not run: what must not compile says so with @ts-expect-error.
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

// The middleware is one for @types/express, and types the request by being imported.
export const middleware: RequestHandler = secrets({ endpoints: ['cn-hangzhou'] }, { preload: ['prod/db'] });
export const route: RequestHandler = (req, _res, next) => {
  const secret: Promise<Secret> = req.secrets.get('prod/db');
  const text: string = req.secrets.text('prod/db');
  const user: string = req.secrets.json('prod/db', schema).user;
  // @ts-expect-error -- without a schema nothing is known of it
  const unchecked: string = req.secrets.json('prod/db').user;
  // @ts-expect-error -- a Secret is no text: its value is handed out by text() alone
  const value: string = req.secrets.secret('prod/db');
  // @ts-expect-error -- put there by the middleware, and by nobody else
  req.secrets = { secret, text, user, unchecked, value };
  next();
};

// Undeclared, any text is a name; declared, no other.
export const any = (name: string): SecretName => name;
export const declared: NameOf<{ 'prod/db': unknown }> = 'prod/db';
// @ts-expect-error -- a slip of the pen
export const slip: NameOf<{ 'prod/db': unknown }> = 'prod/bd';

// Names with types: each type has a validator, and is what json() gives.
export const typed = secrets<{ db: User; key: unknown }>(client, { preload: ['db', 'key'], schemas: { db: schema } });
export function read(req: Request): readonly unknown[] {
  const { user }: User = getSecrets(req, typed).json('db');
  const key: string = getSecrets(req, typed).text('key');
  // @ts-expect-error -- nobody has declared what is in it
  const inKey: string = getSecrets(req, typed).json('key').user;
  // @ts-expect-error -- a slip of the pen
  const typo = getSecrets(req, typed).text('bd');
  return [user, key, inKey, typo];
}
// @ts-expect-error -- a slip of the pen among those to preload
export const wrongName = secrets<{ key: unknown }>(client, { preload: ['kye'] });
// @ts-expect-error -- the type of db has no validator that would make it true
export const unchecked = secrets<{ db: User }>(client, { preload: ['db'] });
// @ts-expect-error -- the same
export const uncheckedToo = secrets<{ db: User }>(client);
// @ts-expect-error -- this validator makes something else
export const otherType = secrets<{ db: User }>(client, { schemas: { db: other } });
export const untyped = secrets<{ key: unknown }>(client);
export const undeclared = secrets(client, { schemas: { db: schema, api: other } });

// The types can come from the validators.
const schemas = { db: schema, api: other };
export const derived = secrets<NamesOf<typeof schemas>>(client, { schemas });
export const token = (req: Request): string => getSecrets(req, derived).json('api').token;

// Several clients: undeclared, any name is one.
export const billing = (req: Request): string => req.secrets.of('billing').text('stripe');
