import { secretTypes } from '../secrets/managed-secret.ts';
import type { AutomaticRotation } from '../secrets/stored-secret.ts';
import type { PutOptions } from '../secrets/secret-repository.ts';
import { BadInput } from '../json-fields.ts';
import type { JsonFields } from '../json-fields.ts';

/** Reads `value` and the options of `FakeKms.put` from an object that may hold other fields besides. */
export function readPut(fields: JsonFields): { value: string; options: PutOptions } {
  const value = fields.text('value');
  const versionId = fields.optionalText('versionId');
  const stages = fields.optionalTexts('stages');
  const type = fields.optionalOneOf('type', secretTypes);
  const dataType = fields.optionalOneOf('dataType', ['text', 'binary']);
  const extendedConfig = fields.optionalObject('extendedConfig');
  const automaticRotation = readRotation(fields.any('automaticRotation'));
  const options: PutOptions = {
    ...(versionId !== undefined && { versionId }),
    ...(stages !== undefined && { stages }),
    ...(type !== undefined && { type }),
    ...(dataType !== undefined && { dataType }),
    ...(extendedConfig !== undefined && { extendedConfig }),
    ...(automaticRotation !== undefined && { automaticRotation }),
  };
  return { value, options };
}

function readRotation(value: unknown): AutomaticRotation | undefined {
  if (value === undefined || value === 'Disabled' || value === 'Invalid') return value;
  const interval: unknown =
    typeof value === 'object' && value !== null && 'interval' in value ? value.interval : undefined;
  if (typeof interval === 'number') return { interval };
  throw new BadInput('automaticRotation must be { interval: SECONDS }, Disabled or Invalid.');
}
