import { InvalidInput } from '../json-fields.ts';
import type { JsonFields } from '../json-fields.ts';
import { secretTypes } from '../secrets/managed-secret.ts';
import type { PutOptions } from '../secrets/secret-repository.ts';
import type { AutomaticRotation } from '../secrets/stored-secret.ts';

export const putFields: readonly string[] = [
  'value',
  'versionId',
  'stages',
  'type',
  'dataType',
  'extendedConfig',
  'automaticRotation',
];

/** Parses `value` and the options of `FakeKms.put`. The object may have other fields too. */
export function parsePut(fields: JsonFields): { value: string; options: PutOptions } {
  const value = fields.text('value');
  const versionId = fields.optionalString('versionId');
  const stages = fields.optionalStrings('stages');
  const type = fields.optionalOneOf('type', secretTypes);
  const dataType = fields.optionalOneOf('dataType', ['text', 'binary']);
  const extendedConfig = fields.optionalObject('extendedConfig');
  const automaticRotation = parseRotation(fields.raw('automaticRotation'));
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

function parseRotation(value: unknown): AutomaticRotation | undefined {
  if (value === undefined || value === 'Disabled' || value === 'Invalid') return value;
  const interval: unknown =
    typeof value === 'object' && value !== null && 'interval' in value ? value.interval : undefined;
  if (typeof interval === 'number') return { interval };
  throw new InvalidInput('automaticRotation must be { interval: SECONDS }, Disabled or Invalid.');
}
