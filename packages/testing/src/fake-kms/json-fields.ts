/** An invalid input. Its message is meant for the sender of the input and never contains a value. */
export class InvalidInput extends TypeError {
  override readonly name = 'InvalidInput';
}

/** Reads the fields of a JSON or YAML object. Throws `InvalidInput` for missing, invalid and unknown fields. */
export class JsonFields {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #subject: string;
  readonly #known = new Set<string>();

  /** `subject` begins the error messages: "The body", "The secret db". */
  constructor(value: unknown, subject: string) {
    if (!isObject(value)) throw new InvalidInput(`${subject} must be an object.`);
    this.#fields = new Map(Object.entries(value));
    this.#subject = subject;
  }

  string(name: string): string {
    return this.optionalString(name) ?? this.#fail(name, 'is missing');
  }

  optionalString(name: string): string | undefined {
    const value = this.#read(name);
    return value === undefined || typeof value === 'string' ? value : this.#fail(name, 'must be a string');
  }

  /** A string, or an object, which is converted to JSON. */
  text(name: string): string {
    return this.optionalText(name) ?? this.#fail(name, 'is missing');
  }

  optionalText(name: string): string | undefined {
    const value = this.#read(name);
    if (value === undefined || typeof value === 'string') return value;
    return isObject(value) ? jsonText(value, this.#subject) : this.#fail(name, 'must be a string or an object');
  }

  optionalStrings(name: string): readonly string[] | undefined {
    const value = this.#read(name);
    if (value === undefined) return undefined;
    const isValid = Array.isArray(value) && value.every((item): item is string => typeof item === 'string');
    return isValid ? value : this.#fail(name, 'must be a list of strings');
  }

  number(name: string): number {
    return this.optionalNumber(name) ?? this.#fail(name, 'is missing');
  }

  /** A finite, non-negative number: all numbers here are times, counts and sizes. */
  optionalNumber(name: string): number | undefined {
    const value = this.#read(name);
    if (value === undefined) return undefined;
    const isValid = typeof value === 'number' && Number.isFinite(value) && value >= 0;
    return isValid ? value : this.#fail(name, 'must be a number, 0 or more');
  }

  httpStatus(name: string): number {
    const value = this.number(name);
    const isValid = Number.isInteger(value) && value >= 200 && value <= 599;
    return isValid ? value : this.#fail(name, 'must be an HTTP status from 200 to 599');
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    return this.optionalOneOf(name, choices) ?? this.#fail(name, `is missing: expected one of ${choices.join(', ')}`);
  }

  optionalOneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.#read(name);
    if (value === undefined) return undefined;
    return choices.find((choice) => choice === value) ?? this.#fail(name, `must be one of ${choices.join(', ')}`);
  }

  optionalObject(name: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#read(name);
    return value === undefined || isObject(value) ? value : this.#fail(name, 'must be an object');
  }

  /** The field without validation. */
  raw(name: string): unknown {
    return this.#read(name);
  }

  /** Throws if the object has a field that was not read, such as a mistyped name. */
  rejectUnknown(): void {
    const unknown = [...this.#fields.keys()].filter((name) => !this.#known.has(name));
    if (unknown.length === 0) return;
    const expected = this.#known.size === 0 ? 'It has no fields.' : `Its fields are ${[...this.#known].join(', ')}.`;
    throw new InvalidInput(`${this.#subject} has an unknown field ${unknown.join(', ')}. ${expected}`);
  }

  #read(name: string): unknown {
    this.#known.add(name);
    return this.#fields.get(name) ?? undefined;
  }

  #fail(name: string, problem: string): never {
    throw new InvalidInput(`${this.#subject}: ${name} ${problem}.`);
  }
}

/** Throws `InvalidInput` for an object that contains itself, as an alias in YAML can. */
export function jsonText(value: object, subject: string): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw new InvalidInput(`${subject}: the value cannot be converted to JSON.`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
