import type { Host } from '../host.ts';

/** An option of a command. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** One letter. */
  readonly short?: string;
  /** Whether the option may be repeated. */
  readonly multiple?: boolean;
  /** The placeholder of its value in the help: `FILE`. Completion offers files for `FILE` and folders for `PATH`. */
  readonly hint?: string;
  readonly text: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The options and positional arguments of one call. */
export class ParsedArguments {
  readonly positionals: readonly string[];
  /** What follows `--`; `undefined` without one. */
  readonly rest: readonly string[] | undefined;
  readonly #values: ReadonlyMap<string, readonly (string | true)[]>;

  constructor(parts: {
    readonly positionals: readonly string[];
    readonly rest: readonly string[] | undefined;
    readonly values: ReadonlyMap<string, readonly (string | true)[]>;
  }) {
    this.positionals = parts.positionals;
    this.rest = parts.rest;
    this.#values = parts.values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value of a string option. */
  get(name: string): string | undefined {
    return this.all(name).at(-1);
  }

  /** Every value of a string option that may be repeated. */
  all(name: string): readonly string[] {
    return (this.#values.get(name) ?? []).filter((value) => value !== true);
  }
}

/** The code of a command, which is loaded when it is called. */
export interface CommandModule {
  /** Returns the exit code. */
  run(host: Host, args: ParsedArguments): Promise<number>;
}

/** A command: its help, its arguments, and where its code is. */
export interface CommandSpec {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** The arguments after the name of the command, such as `NAME [options]`. */
  readonly usage: string;
  /** Paragraphs between the usage and the options. */
  readonly description: string;
  readonly options: OptionSpecs;
  /** The number of positional arguments. */
  readonly positionals: { readonly min: number; readonly max: number; readonly what: string };
  /** Whether `--` and a command line follow. */
  readonly takesCommand?: boolean;
  /** Whether the command parses its arguments itself. */
  readonly isRaw?: boolean;
  /** The exit code of every failure of the command itself, in place of 1 and 2. */
  readonly failureExitCode?: number;
  load(): Promise<CommandModule>;
}
