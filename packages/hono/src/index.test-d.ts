// Compiled, not run.
import { Hono } from 'hono';
import type { Context, MiddlewareHandler } from 'hono';
import type { NameOf, NamesOf, Secret, SecretClient, SecretName, SecretsVariables } from './index.ts';
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

// The middleware fits into apps with their own types.
export const middleware: MiddlewareHandler = secrets({ endpoints: ['cn-hangzhou'] }, { preload: ['prod/db'] });
export const app = new Hono<{ Bindings: { db: string }; Variables: { user: string } }>().use(secrets(client));

// A chained app knows the variable; another one declares it.
export const chained = new Hono().use(secrets(client)).get('/', (c) => {
  const secret: Promise<Secret> = c.var.secrets.get('prod/db');
  const text: string = c.get('secrets').text('prod/db');
  const user: string = c.var.secrets.json('prod/db', schema).user;
  // @ts-expect-error -- unknown without a schema
  const unchecked: string = c.var.secrets.json('prod/db').user;
  // @ts-expect-error -- a Secret is not a string
  const value: string = c.var.secrets.secret('prod/db');
  // @ts-expect-error -- read-only
  c.var.secrets = { secret, text, user, unchecked, value };
  return c.json({});
});
export const declaring = new Hono<{ Variables: SecretsVariables }>();
declaring.use(secrets(client)).get('/', (c) => c.text(c.var.secrets.text('prod/db')));
// @ts-expect-error -- neither
export const neither = new Hono().get('/', (c) => c.text(c.var.secrets.text('prod/db')));

// Without declared names, any string is a name.
export const any = (name: string): SecretName => name;
export const declared: NameOf<{ 'prod/db': unknown }> = 'prod/db';
// @ts-expect-error -- a misspelt name
export const misspelt: NameOf<{ 'prod/db': unknown }> = 'prod/bd';

// A name with a type has a schema, and json() returns the type: on the context of a chained app, and by the middleware.
export const typed = secrets<{ db: User; key: unknown }>(client, { preload: ['db', 'key'], schemas: { db: schema } });
export const typedApp = new Hono().use(typed).get('/', (c) => {
  const { user }: User = c.var.secrets.json('db');
  // @ts-expect-error -- a misspelt name
  return c.json([user, c.var.secrets.text('bd')]);
});
export function read(c: Context): readonly unknown[] {
  const { user }: User = getSecrets(c, typed).json('db');
  const key: string = getSecrets(c, typed).text('key');
  // @ts-expect-error -- declared without a type
  const inKey: string = getSecrets(c, typed).json('key').user;
  // @ts-expect-error -- a misspelt name
  const typo = getSecrets(c, typed).text('bd');
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
export const token = (c: Context): string => getSecrets(c, derived).json('api').token;

// The names of a named client are its own: on the context, `of` reads them.
const billing = secrets<{ db: User }>(client, { as: 'billing', schemas: { db: schema } });
export const withBilling = new Hono().use(billing).get('/', (c) => {
  const { user }: User = getSecrets(c, billing).json('db');
  // @ts-expect-error -- not of the default client
  return c.json([user, c.var.secrets.json('db').user, c.var.secrets.of('billing').text('stripe')]);
});
