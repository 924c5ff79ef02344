import type { StandardSchemaV1 } from '@standard-schema/spec';

/** A name declared in `Names`, as in `{ 'prod/db': DbSecret }`; any string where `Names` is empty. */
export type NameOf<Names> = keyof Names extends never ? string : Extract<keyof Names, string>;

/** The type of `json(name)`: the declared type, else `unknown`. */
export type JsonOf<Names, Name> = Name extends keyof Names ? Names[Name] : unknown;

/** The names declared for the named client `As`, as in `{ billing: { stripe: unknown } }`. */
// Their types become `unknown`: the compiler cannot check here that each type has a schema.
export type NamesUnder<Clients, As> = As extends keyof Clients ? { readonly [Name in keyof Clients[As]]: unknown } : {};

/** A schema for each declared name with a type: the schema makes the type true. Any Standard Schema library fits. */
export type SchemasOf<Names> = keyof Names extends never
  ? Readonly<Record<string, StandardSchemaV1>>
  : {
      readonly [Name in keyof Names as unknown extends Names[Name] ? never : Name]: StandardSchemaV1<
        unknown,
        Names[Name]
      >;
    };

/** The names and types that schemas declare: `NamesOf<typeof schemas>`. */
export type NamesOf<Schemas extends Readonly<Record<string, StandardSchemaV1>>> = {
  readonly [Name in keyof Schemas]: StandardSchemaV1.InferOutput<Schemas[Name]>;
};

/** The names to preload, and the schemas. `schemas` is required where a declared name has a type. */
export type DeclaredOptions<Names> = {
  readonly preload?: readonly NameOf<Names>[] | undefined;
} & ({} extends SchemasOf<Names> ? { readonly schemas?: SchemasOf<Names> } : { readonly schemas: SchemasOf<Names> });
