import { builtinModule } from '../platform/builtin-module.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import { closestMatch } from '../options/closest-match.ts';
import { valueWarnings, settingText } from './setting-text.ts';
import type { ConfigurationMachine } from './environment.ts';
import { workingDirectory } from './environment.ts';
import { knownKeys } from './known-keys.ts';
import { parseProperties } from './properties-file.ts';
import type { Property } from './properties-file.ts';
import { readTextFile } from './text-file.ts';
import type { TextSource } from './text-source.ts';

/** The default of the official clients. */
const defaultFileName = 'secretsmanager.properties';

/** The path of a configuration file, and where it is set. */
export interface ConfiguredPath {
  readonly path: string;
  readonly source: string;
}

export interface ConfigurationFile {
  /** Missing if there is no file, or if it is invalid. */
  readonly source?: TextSource;
  /** The file that was read, or searched for, as a phrase. */
  readonly searched: string;
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings: readonly string[];
  /** Why the default file was not read, for the debug log. */
  readonly skipped?: string;
}

/**
 * Reads the configured file. Without one, the default file is read if it exists. Where the process may not see whether it does,
 * it counts as missing: all settings may be in code.
 */
export function readConfigurationFile(
  configured: ConfiguredPath | undefined,
  machine: ConfigurationMachine,
): ConfigurationFile {
  const { path, source } = configured ?? { path: defaultFileName, source: 'working directory' };
  const directory = workingDirectory(machine);
  if (directory === undefined && configured === undefined) {
    return { searched: `${defaultFileName} (the working directory does not exist)`, issues: [], warnings: [] };
  }
  const nodePath = builtinModule('node:path');
  const absolutePath = nodePath.resolve(directory ?? '/', path);
  const reject = (expected: string, got?: string): ConfigurationFile => {
    return { searched: absolutePath, issues: [{ key: 'configFile', source, expected, got }], warnings: [] };
  };
  // Java reads every such file as ISO-8859-1. The keys and almost all values are ASCII.
  const file = readTextFile(absolutePath, machine, { fallback: 'latin1' });
  if ('problem' in file) {
    if (configured === undefined && file.kind === 'missing') {
      return { searched: `${absolutePath} (no such file)`, issues: [], warnings: [] };
    }
    if (configured === undefined && file.kind === 'hidden') {
      const searched = `${absolutePath} (${file.problem})`;
      return { searched, issues: [], warnings: [], skipped: `${absolutePath} was not read: ${file.problem}.` };
    }
    return reject(`a file in the format of ${defaultFileName}`, `${file.problem} at ${path}`);
  }
  const parsed = parseProperties(file.text);
  if ('invalidLine' in parsed) {
    const location = parsed.invalidLine === 0 ? path : `${path}:${parsed.invalidLine}`;
    return reject(`four hexadecimal digits after \\u in ${location}; write a literal backslash twice`);
  }
  const properties = new Map(parsed.properties.map((property) => [property.key, property]));
  return {
    source: {
      get: (key) => settingText(key, properties.get(key)?.value),
      raw: (key) => settingText(key, properties.get(key)?.raw),
      location: (key) => `${path}${lineSuffix(properties.get(key))}`,
      directories: [nodePath.dirname(absolutePath), ...(directory === undefined ? [] : [directory])],
    },
    searched: absolutePath,
    issues: [],
    warnings: parsed.properties.flatMap((property) => [
      ...warningsAbout(property, properties, path),
      ...(file.isLatin1 ? encodingWarnings(property, properties, path) : []),
    ]),
  };
}

function lineSuffix(property: Property | undefined): string {
  return property === undefined ? '' : `:${property.line}`;
}

/** Does not show an unknown key: after an accidental line break the "key" is the rest of a value. */
function warningsAbout(property: Property, last: ReadonlyMap<string, Property>, path: string): string[] {
  const { key, line } = property;
  if (!knownKeys.has(key)) {
    const suggestion = closestMatch(key, knownKeys);
    const hint = suggestion === undefined ? '' : ` Did you mean "${suggestion}"?`;
    return [`${path}:${line}: unknown key, ignored.${hint}`];
  }
  const winner = last.get(key);
  if (winner !== undefined && winner !== property) {
    return [`${path}:${line}: ${key} is set again in line ${winner.line}, which takes precedence.`];
  }
  return valueWarnings(key, property.value, `${path}:${line}`);
}

/** For a value in a file that is not UTF-8: it is not what its author sees. */
function encodingWarnings(property: Property, last: ReadonlyMap<string, Property>, path: string): string[] {
  const { key, line, raw } = property;
  if (!knownKeys.has(key) || last.get(key) !== property || !/[^\p{ASCII}]/u.test(raw)) return [];
  return [
    `${path}:${line}: ${key} contains characters outside ASCII, and the file is not UTF-8. They are read as ISO-8859-1, as by Java. Save the file as UTF-8, or write them as \\uXXXX.`,
  ];
}
