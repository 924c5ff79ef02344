/** A secret with a value that is none. */
export interface DummySecret {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly dataType?: 'binary';
}

const dummy = 'dummy';
const maxDepth = 20;

/** The properties that KMS gives the values of its managed secrets. */
const keysOfType: ReadonlyMap<string, readonly string[]> = new Map([
  ['Rds', ['AccountName', 'AccountPassword']],
  ['Redis', ['AccountName', 'AccountPassword']],
  ['PolarDB', ['AccountName', 'AccountPassword']],
  ['RAMCredentials', ['AccessKeyId', 'AccessKeySecret', 'GenerateTimestamp']],
  ['ECS', ['UserName', 'Password']],
]);

/** A dummy value for a secret of a type, of which nothing was read. */
export function dummyOf(type: string): string {
  const keys = keysOfType.get(type);
  return keys === undefined ? dummy : JSON.stringify(Object.fromEntries(keys.map((key) => [key, `${dummy}-${key}`])));
}

/** The shape of a value: JSON with the same properties, whose values are dummies of the same types. Any other text is `dummy`. */
export function dummyShapeOf(value: string): string {
  try {
    const json: unknown = JSON.parse(value);
    return typeof json === 'object' && json !== null ? JSON.stringify(shapeOf(json, maxDepth)) : dummy;
  } catch {
    return dummy;
  }
}

function shapeOf(value: unknown, depth: number): unknown {
  if (typeof value === 'string' || depth === 0) return dummy;
  if (typeof value === 'number') return 0;
  if (typeof value === 'boolean') return false;
  // One entry shows the shape of a list; its length could say something about the values.
  if (Array.isArray(value)) return value.slice(0, 1).map((each) => shapeOf(each, depth - 1));
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each, depth - 1)]));
}

/** A secrets file of the fake. JSON strings are YAML. The fake has no types but those of managed secrets. */
export function secretsYaml(secrets: readonly DummySecret[]): string {
  const lines = secrets.map(({ name, type, value, dataType }) => {
    const isManaged = keysOfType.has(type);
    const fields = { value, ...(isManaged && { type }), ...(dataType !== undefined && { dataType }) };
    return `${JSON.stringify(name)}: ${JSON.stringify(fields)}\n`;
  });
  return `# Names, types and shapes of an account of Alibaba Cloud KMS. Every value is a dummy. For: kms-secrets fake\n${lines.join('')}`;
}
