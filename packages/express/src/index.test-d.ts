// Compiled, not run: what must not compile says so with @ts-expect-error.
import type { RequestHandler } from 'express';
import type { NameOf, Secret, SecretName } from './index.ts';
import { secrets } from './index.ts';

/** A Standard Schema validator of no particular library. */
declare const schema: {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: { readonly user: string } };
    readonly types?: { readonly input: unknown; readonly output: { readonly user: string } };
  };
};

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
export const declared: NameOf<{ 'prod/db': true }> = 'prod/db';
// @ts-expect-error -- a slip of the pen
export const slip: NameOf<{ 'prod/db': true }> = 'prod/bd';
