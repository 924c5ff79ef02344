import { readFileSync } from 'node:fs';

import { LineCounter, parseDocument } from 'yaml';

import { BadInput, JsonFields } from '../fake-kms/json-fields.ts';
import { readPut } from '../fake-kms/admin/parse-put.ts';
import type { PutOptions } from '../fake-kms/secrets/secret-repository.ts';
import { Mistake } from './cli-error.ts';

export interface SecretEntry {
  readonly name: string;
  readonly value: string;
  readonly options: PutOptions;
}

/** Reads a JSON or YAML file of secrets: JSON is YAML too. Its mistakes are told by line or by name, never by a value. */
export function readSecretsFile(file: string): readonly SecretEntry[] {
  const content = parse(file, read(file));
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new Mistake(`${file} must hold one entry a secret: its name, a colon and its value.`);
  }
  const entries = Object.entries(content).map(([name, entry]: [string, unknown]) => readEntry(file, name, entry));
  if (entries.length === 0) throw new Mistake(`${file} holds no secret.`);
  return entries;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new Mistake(code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read (${code}).`);
  }
}

function parse(file: string, text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [first] = document.errors;
  if (first !== undefined) {
    // Not the parser's own message: that quotes the faulty line, and with it perhaps a value.
    const { line, col } = lines.linePos(first.pos[0]);
    throw new Mistake(`${file}:${line}:${col} is not valid YAML or JSON (${first.code}).`);
  }
  try {
    return document.toJS();
  } catch {
    // Thrown for aliases that multiply without end.
    throw new Mistake(`${file} has aliases that cannot be resolved.`);
  }
}

function readEntry(file: string, name: string, entry: unknown): SecretEntry {
  if (typeof entry === 'string') return { name, value: entry, options: {} };
  if (typeof entry !== 'object') {
    throw new Mistake(
      `${file}: The secret ${JSON.stringify(name)} must be a text or an object; put a number in quotes.`,
    );
  }
  try {
    const fields = new JsonFields(entry, `The secret ${JSON.stringify(name)}`);
    const put = readPut(fields);
    fields.end();
    return { name, ...put };
  } catch (error) {
    if (error instanceof BadInput) throw new Mistake(`${file}: ${error.message}`);
    throw error;
  }
}
