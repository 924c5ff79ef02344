// Compiled, not run.
import type { ExtendableContext, Middleware } from 'koa';
import Koa from 'koa';
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

// The middleware fits into apps with their own types, and the import types the context.
export const middleware: Middleware = secrets({ endpoints: ['cn-hangzhou'] }, { preload: ['prod/db'] });
export const app = new Koa<{ user: string }, { requestId: string }>().use(middleware).use(secrets(client));
export const route: Middleware<{ user: string }> = (ctx, next) => {
  const secret: Promise<Secret> = ctx.secrets.get('prod/db');
  const text: string = ctx.secrets.text('prod/db');
  const user: string = ctx.secrets.json('prod/db', schema).user;
  // @ts-expect-error -- unknown without a schema
  const unchecked: string = ctx.secrets.json('prod/db').user;
  // @ts-expect-error -- a Secret is not a string
  const value: string = ctx.secrets.secret('prod/db');
  // @ts-expect-error -- read-only
  ctx.secrets = { secret, text, user, unchecked, value };
  return next();
};

// Without declared names, any string is a name.
export const any = (name: string): SecretName => name;
export const declared: NameOf<{ 'prod/db': unknown }> = 'prod/db';
// @ts-expect-error -- a misspelt name
export const misspelt: NameOf<{ 'prod/db': unknown }> = 'prod/bd';

// A name with a type has a schema, and json() returns the type.
export const typed = secrets<{ db: User; key: unknown }>(client, { preload: ['db', 'key'], schemas: { db: schema } });
export function read(ctx: ExtendableContext): readonly unknown[] {
  const { user }: User = getSecrets(ctx, typed).json('db');
  const key: string = getSecrets(ctx, typed).text('key');
  // @ts-expect-error -- declared without a type
  const inKey: string = getSecrets(ctx, typed).json('key').user;
  // @ts-expect-error -- a misspelt name
  const typo = getSecrets(ctx, typed).text('bd');
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
export const token = (ctx: ExtendableContext): string => getSecrets(ctx, derived).json('api').token;

// Without declared clients, any string is the name of one.
export const billing = (ctx: ExtendableContext): string => ctx.secrets.of('billing').text('stripe');
