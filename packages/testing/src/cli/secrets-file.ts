import { readFileSync } from 'node:fs';

import { LineCounter, parseDocument } from 'yaml';

import { parsePut, putFields } from '../fake-kms/admin/parse-put.ts';
import { InvalidInput, JsonFields, jsonText } from '../fake-kms/json-fields.ts';
import type { PutOptions } from '../fake-kms/secrets/secret-repository.ts';
import { CliError } from './cli-error.ts';
import { errorCode } from '@kms-secrets/core';

export interface SecretEntry {
  readonly name: string;
  readonly value: string;
  readonly options: PutOptions;
}

/** Parses a YAML file of secrets; JSON is valid YAML. Errors contain line numbers and names, never values. */
export function parseSecrets(file: string, text: string): readonly SecretEntry[] {
  const content = parseYaml(file, text);
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new CliError(`${file} must contain one entry per secret: its name, a colon and its value.`);
  }
  const entries = Object.entries(content).map(([name, entry]: [string, unknown]) => parseEntry(file, name, entry));
  if (entries.length === 0) throw new CliError(`${file} contains no secrets.`);
  return entries;
}

export function readSecretsText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error';
    throw new CliError(code === 'ENOENT' ? `The file ${file} does not exist.` : `${file} cannot be read (${code}).`);
  }
}

function parseYaml(file: string, text: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const [firstError] = document.errors;
  if (firstError !== undefined) {
    // Without the parser's message, which quotes the line and could reveal a value.
    const { line, col } = lineCounter.linePos(firstError.pos[0]);
    throw new CliError(`${file}:${line}:${col} is not valid YAML or JSON (${firstError.code}).`);
  }
  try {
    return document.toJS();
  } catch {
    // `toJS` throws for aliases that expand exponentially.
    throw new CliError(`${file} has aliases that cannot be resolved.`);
  }
}

function parseEntry(file: string, name: string, entry: unknown): SecretEntry {
  const subject = `The secret ${JSON.stringify(name)}`;
  if (typeof entry === 'string') return { name, value: entry, options: {} };
  if (typeof entry !== 'object') {
    throw new CliError(`${file}: ${subject} must be a string or an object. Put numbers in quotes.`);
  }
  try {
    if (isJsonValue(entry)) return { name, value: jsonText(entry, subject), options: {} };
    const fields = new JsonFields(entry, subject);
    const put = parsePut(fields);
    fields.rejectUnknown();
    return { name, ...put };
  } catch (error) {
    if (error instanceof InvalidInput) throw new CliError(`${file}: ${error.message}`);
    throw error;
  }
}

/** Whether an object is the value of the secret, because it has no field of an entry. */
function isJsonValue(entry: object | null): entry is object {
  if (entry === null || Array.isArray(entry)) return false;
  const names = Object.keys(entry);
  return names.length > 0 && !names.some((name) => putFields.includes(name));
}
