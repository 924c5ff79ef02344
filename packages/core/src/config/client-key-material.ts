import { builtinModule } from '../platform/builtin-module.ts';
import type { ClientKeySource } from '../options/client-key-source.ts';
import { describePath } from '../options/redact.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import type { ConfigurationMachine } from './environment.ts';
import { workingDirectory } from './environment.ts';
import { clientKeyPasswordKey } from './known-keys.ts';
import { readTextFile } from './text-file.ts';
import { trimmed } from './text-source.ts';

/** A client key file and its password. Both are secrets. If one is missing, there is an issue. */
export interface ClientKeyMaterial {
  readonly json?: string | undefined;
  readonly password?: string | undefined;
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings: readonly string[];
}

export interface ClientKeyRequest {
  readonly from: ClientKeySource;
  /** The option that names the client key, such as `credentials` or `endpoints[0]`, and where it is set. */
  readonly key: string;
  readonly source: string;
}

/** Reads a client key and its password from files and variables. Issues and warnings contain neither. */
export function readClientKeyMaterial(request: ClientKeyRequest, machine: ConfigurationMachine): ClientKeyMaterial {
  const reader = new MaterialReader(request, machine);
  const json = reader.readKey();
  const password = reader.readPassword();
  return { json, password, issues: reader.issues, warnings: reader.warnings };
}

class MaterialReader {
  readonly issues: ConfigurationIssue[] = [];
  readonly warnings: string[] = [];
  readonly #request: ClientKeyRequest;
  readonly #machine: ConfigurationMachine;

  constructor(request: ClientKeyRequest, machine: ConfigurationMachine) {
    this.#request = request;
    this.#machine = machine;
  }

  readKey(): string | undefined {
    const { clientKeyContent, clientKeyFile } = this.#request.from;
    if (clientKeyContent !== undefined) return clientKeyContent;
    const file = this.#readFile(clientKeyFile);
    const expected = 'a client key file from the KMS console';
    if ('problem' in file) {
      return this.#reject('clientKeyFile', expected, `${file.problem} at ${describePath(clientKeyFile)}`);
    }
    return trimmed(file.text) ?? this.#reject('clientKeyFile', expected, `an empty file at ${clientKeyFile}`);
  }

  readPassword(): string | undefined {
    const { password, passwordFromFilePath, passwordFromEnvVariable } = this.#request.from;
    if (password !== undefined) return password;
    if (passwordFromFilePath !== undefined) return this.#readPasswordFile(passwordFromFilePath);
    if (passwordFromEnvVariable !== undefined) return this.#readPasswordVariable(passwordFromEnvVariable);
    const fallback = trimmed(this.#machine.environment[clientKeyPasswordKey]);
    if (fallback !== undefined) return fallback;
    const expected = `the password of the client key: password, passwordFromFilePath, passwordFromEnvVariable, or the variable ${clientKeyPasswordKey}`;
    return this.#reject('password', expected, 'none of them');
  }

  /** Passwords have no spaces and no line breaks; editors add a line break at the end of a file. */
  #readPasswordFile(path: string): string | undefined {
    const file = this.#readFile(path);
    const expected = 'a file that contains only the password of the client key';
    if ('problem' in file)
      return this.#reject('passwordFromFilePath', expected, `${file.problem} at ${describePath(path)}`);
    const password = trimmed(file.text.replaceAll(/[\r\n]/gu, ''));
    return password ?? this.#reject('passwordFromFilePath', expected, `an empty file at ${path}`);
  }

  /**
   * Reads the variable that holds the password. The documentation says that; in the code for Java and Go it holds the name of
   * another variable. Both work, because a password is hardly ever the name of a variable that is set.
   */
  #readPasswordVariable(name: string): string | undefined {
    const { environment } = this.#machine;
    const value = trimmed(environment[name]);
    if (value === undefined) {
      const expected = 'the name of a variable that holds the password';
      return this.#reject('passwordFromEnvVariable', expected, 'a variable that is not set or empty');
    }
    const indirect = /^[A-Za-z_]\w*$/u.test(value) ? trimmed(environment[value]) : undefined;
    if (indirect === undefined) return value;
    const { key, source } = this.#request;
    this.warnings.push(
      `${key} (${source}): the variable ${name} holds the name of another variable. The password is read from the other one, as by the official clients for Java and Go. Name it directly.`,
    );
    return indirect;
  }

  #readFile(path: string): ReturnType<typeof readTextFile> {
    return readTextFile(
      builtinModule('node:path').resolve(workingDirectory(this.#machine) ?? '/', path),
      this.#machine,
    );
  }

  #reject(property: string, expected: string, got: string): undefined {
    const { key, source } = this.#request;
    this.issues.push({ key: `${key}.${property}`, source, expected, got });
  }
}
