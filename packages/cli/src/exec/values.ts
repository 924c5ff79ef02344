import type { Secret } from '@kms-secrets/core/internal';
import { CliError } from '../cli-error.ts';
import { valueOf } from '../secret-value.ts';
import { placeOf } from './targets.ts';
import type { Target } from './targets.ts';

/** A value and where the program receives it. */
export interface TargetValue {
  readonly target: Target;
  readonly value: Uint8Array;
}

/** Takes the values out of the secrets. Throws a `CliError` that names the secret and the target, and no value. */
export function valuesFor(
  targets: readonly Target[],
  secrets: Readonly<Record<string, Secret>>,
): readonly TargetValue[] {
  return targets.flatMap((target) => {
    const secret = secrets[target.name];
    if (secret === undefined) return [];
    const value = valueOf(secret, { key: target.key });
    if (target.kind === 'env') checkVariable(target, value);
    return [{ target, value }];
  });
}

/** An environment variable ends at the first NUL: the program would get a part of the value. */
function checkVariable(target: Target, value: Uint8Array): void {
  const what = `The ${placeOf(target)} cannot hold secret "${target.name}"`;
  if (value.includes(0)) throw new CliError(`${what}: it contains a NUL byte. Use --fd.`);
  if (!isUtf8(value)) throw new CliError(`${what}: it is not UTF-8 text. Use --fd.`);
}

function isUtf8(value: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(value);
    return true;
  } catch {
    return false;
  }
}

export function isSameValues(one: readonly TargetValue[], other: readonly TargetValue[]): boolean {
  return one.every(({ value }, index) => Buffer.compare(value, other[index]?.value ?? new Uint8Array()) === 0);
}
