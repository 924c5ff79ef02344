/** An input that cannot be used; its message is a sentence for who sent it, and never holds a value. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
}

/** Reads the fields of one JSON or YAML object, and refuses those nobody asked about. */
export class JsonFields {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #what: string;
  readonly #read = new Set<string>();

  /** `what` begins the sentence when something is wrong: "The body", "The secret db". */
  constructor(value: unknown, what: string) {
    if (!isObject(value)) throw new BadInput(`${what} must be an object.`);
    this.#fields = new Map(Object.entries(value));
    this.#what = what;
  }

  text(name: string): string {
    return this.optionalText(name) ?? this.#refuse(name, 'is missing');
  }

  optionalText(name: string): string | undefined {
    const value = this.#take(name);
    return value === undefined || typeof value === 'string' ? value : this.#refuse(name, 'must be a text');
  }

  number(name: string): number {
    return this.optionalNumber(name) ?? this.#refuse(name, 'is missing');
  }

  /** A finite one that is not negative: they are all times, counts and sizes. */
  optionalNumber(name: string): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const isGood = typeof value === 'number' && Number.isFinite(value) && value >= 0;
    return isGood ? value : this.#refuse(name, 'must be a number of zero or more');
  }

  optionalTexts(name: string): readonly string[] | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const isGood = Array.isArray(value) && value.every((one): one is string => typeof one === 'string');
    return isGood ? value : this.#refuse(name, 'must be a list of texts');
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    return this.optionalOneOf(name, choices) ?? this.#refuse(name, 'is missing');
  }

  optionalOneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    return choices.find((choice) => choice === value) ?? this.#refuse(name, `must be one of ${choices.join(', ')}`);
  }

  optionalObject(name: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#take(name);
    return value === undefined || isObject(value) ? value : this.#refuse(name, 'must be an object');
  }

  /** The field as it is, for a reader that knows more. */
  any(name: string): unknown {
    return this.#take(name);
  }

  /** Throws if there is a field that was not read: a mistyped name must not be taken for a setting left out. */
  end(): void {
    const unknown = [...this.#fields.keys()].filter((name) => !this.#read.has(name));
    if (unknown.length === 0) return;
    const known = this.#read.size === 0 ? 'It has no fields.' : `It has ${[...this.#read].join(', ')}.`;
    throw new BadInput(`${this.#what} has no field ${unknown.join(', ')}. ${known}`);
  }

  #take(name: string): unknown {
    this.#read.add(name);
    return this.#fields.get(name) ?? undefined;
  }

  #refuse(name: string, why: string): never {
    throw new BadInput(`${this.#what}: ${name} ${why}.`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
