import type { StandardSchemaV1 } from '@standard-schema/spec';

/** The names that are declared, as `{ 'prod/db': DbSecret }`: with each the type of its JSON, `unknown` where nobody knows. */
// Without a name in it, any text is one.
export type NameOf<Names> = keyof Names extends never ? string : Extract<keyof Names, string>;

/** What `json(name)` gives. */
export type JsonOf<Names, Name> = Name extends keyof Names ? Names[Name] : unknown;

/** The names that are declared for one of several clients, as `{ billing: { 'stripe': unknown } }`. */
// Their types are not taken over: it is not here that anybody could see whether a validator was given for each.
export type NamesUnder<Clients, As> = As extends keyof Clients ? { readonly [Name in keyof Clients[As]]: unknown } : {};

/** A validator for each declared name whose JSON has a type: that is what makes the type true. Any Standard Schema fits. */
export type SchemasOf<Names> = keyof Names extends never
  ? Readonly<Record<string, StandardSchemaV1>>
  : {
      readonly [Name in keyof Names as unknown extends Names[Name] ? never : Name]: StandardSchemaV1<
        unknown,
        Names[Name]
      >;
    };

/** The names that validators declare: `NamesOf<typeof schemas>`. */
export type NamesOf<Schemas extends Readonly<Record<string, StandardSchemaV1>>> = {
  readonly [Name in keyof Schemas]: StandardSchemaV1.InferOutput<Schemas[Name]>;
};

/** What a reader of declared names is told: the names to have at hand, and the validators of those whose JSON has a type. */
// Validators cannot be left out where a name has a type: nobody would have looked whether the type is true.
export type DeclaredOptions<Names> = {
  readonly preload?: readonly NameOf<Names>[] | undefined;
} & ({} extends SchemasOf<Names> ? { readonly schemas?: SchemasOf<Names> } : { readonly schemas: SchemasOf<Names> });
