import { resolve } from 'node:path';
import type { ClientKeySource } from '../options/client-key-source.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import type { ConfigurationMachine } from './environment.ts';
import { workingDirectory } from './environment.ts';
import { clientKeyPasswordKey } from './known-keys.ts';
import { readText } from './read-text.ts';
import { trimmed } from './text-source.ts';

/** What a client key is opened with; where either is missing there is an issue. Both are secrets. */
export interface ClientKeyTexts {
  readonly json?: string | undefined;
  readonly password?: string | undefined;
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings: readonly string[];
}

export interface ClientKeyRequest {
  readonly from: ClientKeySource;
  /** The option that holds it, such as `credentials` or `endpoints[0]`, and where that stands. */
  readonly key: string;
  readonly source: string;
}

/** Reads the files and variables that a client key and its password are in. Nothing of them shows in an issue. */
export function readClientKeyTexts(request: ClientKeyRequest, machine: ConfigurationMachine): ClientKeyTexts {
  const issues: ConfigurationIssue[] = [];
  const warnings: string[] = [];
  const reading: Reading = {
    machine,
    warn: (warning) => warnings.push(`${request.key} (${request.source}): ${warning}`),
    refuse: (property, expected, got) => {
      issues.push({ key: `${request.key}.${property}`, source: request.source, expected, got });
      return undefined;
    },
  };
  const json = readKey(request.from, reading);
  const password = readPassword(request.from, reading);
  return { json, password, issues, warnings };
}

interface Reading {
  readonly machine: ConfigurationMachine;
  readonly warn: (warning: string) => void;
  readonly refuse: (property: string, expected: string, got?: string) => undefined;
}

function readKey({ clientKeyContent, clientKeyFile }: ClientKeySource, reading: Reading): string | undefined {
  if (clientKeyContent !== undefined) return clientKeyContent;
  const { machine, refuse } = reading;
  const read = readText(resolve(workingDirectory(machine) ?? '/', clientKeyFile), machine);
  const expected = 'a client key file, as the console of KMS hands it out';
  if ('problem' in read) return refuse('clientKeyFile', expected, `${read.problem} at ${clientKeyFile}`);
  return trimmed(read.text) ?? refuse('clientKeyFile', expected, `an empty file at ${clientKeyFile}`);
}

function readPassword(from: ClientKeySource, reading: Reading): string | undefined {
  const { password, passwordFromFilePath, passwordFromEnvVariable } = from;
  const { machine, refuse } = reading;
  if (password !== undefined) return password;
  if (passwordFromFilePath !== undefined) return readPasswordFile(passwordFromFilePath, reading);
  if (passwordFromEnvVariable !== undefined) return readPasswordVariable(passwordFromEnvVariable, reading);
  const last = trimmed(machine.environment[clientKeyPasswordKey]);
  if (last !== undefined) return last;
  const expected = `the password of the client key: password, passwordFromFilePath, passwordFromEnvVariable, or the variable ${clientKeyPasswordKey}`;
  return refuse('password', expected, 'none of them');
}

/** A password has no blanks and is one line, whatever an editor puts behind it. */
function readPasswordFile(path: string, { machine, refuse }: Reading): string | undefined {
  const read = readText(resolve(workingDirectory(machine) ?? '/', path), machine);
  const expected = 'a file with the password of the client key, and nothing else';
  if ('problem' in read) return refuse('passwordFromFilePath', expected, `${read.problem} at ${path}`);
  const password = read.text.replaceAll(/[\r\n]/gu, '').trim();
  return password === '' ? refuse('passwordFromFilePath', expected, `an empty file at ${path}`) : password;
}

/**
 * The documentation says that the variable holds the password; the code for Java and Go takes what it holds for the name
 * of another one. A password that is the name of a variable that is set is not to be expected, so both are understood.
 */
function readPasswordVariable(name: string, { machine, refuse, warn }: Reading): string | undefined {
  const value = trimmed(machine.environment[name]);
  if (value === undefined) {
    return refuse(
      'passwordFromEnvVariable',
      'the name of a variable that holds the password',
      `no variable of that name, or an empty one`,
    );
  }
  const inner = /^[A-Za-z_]\w*$/u.test(value) ? trimmed(machine.environment[value]) : undefined;
  if (inner === undefined) return value;
  warn(
    `the variable ${name} holds the name of another variable, and that one was read for the password, as by the official clients for Java and Go. Name it directly.`,
  );
  return inner;
}
