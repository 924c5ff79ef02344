import { objectIn, parseJson, textOf, valueOf } from './json.ts';
import type { JsonObject } from './json.ts';

/** The fields of an event. They are used only to refresh a secret. */
export interface RotationEvent {
  /** `changed`: the secret may have a new version. `rotationFailed`: KMS could not rotate it. */
  readonly kind: 'changed' | 'rotationFailed';
  readonly id: string;
  /** The name of the secret, without its ARN. */
  readonly secretName: string;
  readonly account: string | undefined;
  readonly region: string | undefined;
}

/** The events of KMS at EventBridge (https://www.alibabacloud.com/help/en/eventbridge/user-guide/kms-events). */
const rotationTypes: ReadonlyMap<string, RotationEvent['kind']> = new Map([
  ['kms:CloudMonitor:Secret[RotateSecret:Success]', 'changed'],
  ['kms:CloudMonitor:Secret[RotateSecret:Failure]', 'rotationFailed'],
]);
const callTypes: ReadonlySet<string> = new Set(['kms:ActionTrail:ApiCall', 'kms:ActionTrail:ConsoleOperation']);

/** The operations of KMS that change what `GetSecretValue` returns. */
const changingCalls: ReadonlySet<string> = new Set([
  'PutSecretValue',
  'UpdateSecretVersionStage',
  'RotateSecret',
  'RestoreSecret',
]);

/** The events of KMS at CloudMonitor. */
const rotationNames: ReadonlyMap<string, RotationEvent['kind']> = new Map([
  ['Secret:RotateSecret:Success', 'changed'],
  ['Secret:RotateSecret:Failure', 'rotationFailed'],
]);

/**
 * Reads a CloudEvent of EventBridge or an event of CloudMonitor. `malformed`: no JSON object, or without an id or a secret.
 * `irrelevant`: an event that changes no secret.
 */
export function parseEvent(body: Uint8Array): RotationEvent | 'malformed' | 'irrelevant' {
  const event = parseJson(body);
  if (event === undefined) return 'malformed';
  return textOf(event, 'specversion') === undefined ? cloudMonitorEvent(event) : cloudEvent(event);
}

function cloudEvent(event: JsonObject): ReturnType<typeof parseEvent> {
  const type = textOf(event, 'type');
  const data = objectIn(valueOf(event, 'data'));
  const kind = kindOf(type, data);
  if (kind === undefined) return 'irrelevant';
  const arn = arnIn(textOf(data, 'resourceId')) ?? arnIn(textOf(event, 'subject'));
  return complete(kind, {
    id: textOf(event, 'id'),
    secretName: nameInRotation(data) ?? nameInCall(data) ?? arn?.secretName,
    account: textOf(event, 'aliyunaccountid') ?? arn?.account,
    region: textOf(event, 'aliyunregionid') ?? arn?.region,
  });
}

function kindOf(type: string | undefined, data: JsonObject | undefined): RotationEvent['kind'] | undefined {
  if (type === undefined) return undefined;
  if (!callTypes.has(type)) return rotationTypes.get(type);
  const isFailed = textOf(data, 'errorCode') !== undefined;
  return !isFailed && changingCalls.has(textOf(data, 'eventName') ?? '') ? 'changed' : undefined;
}

function cloudMonitorEvent(event: JsonObject): ReturnType<typeof parseEvent> {
  const kind = rotationNames.get(textOf(event, 'name') ?? '');
  if (kind === undefined) return 'irrelevant';
  const content = objectIn(valueOf(event, 'content'));
  const arn = arnIn(textOf(event, 'resourceId'));
  return complete(kind, {
    id: textOf(content, 'eventId') ?? textOf(event, 'id'),
    secretName: nameInRotation(event) ?? arn?.secretName,
    account: arn?.account,
    region: textOf(event, 'regionId') ?? arn?.region,
  });
}

interface EventFields {
  readonly id: string | undefined;
  readonly secretName: string | undefined;
  readonly account: string | undefined;
  readonly region: string | undefined;
}

function complete(kind: RotationEvent['kind'], fields: EventFields): RotationEvent | 'malformed' {
  const { id, secretName, account, region } = fields;
  if (id === undefined || secretName === undefined) return 'malformed';
  const arn = arnIn(secretName);
  return {
    kind,
    id,
    secretName: arn?.secretName ?? secretName,
    account: account ?? arn?.account,
    region: region ?? arn?.region,
  };
}

/** CloudMonitor has the name in `content`. */
function nameInRotation(data: JsonObject | undefined): string | undefined {
  return textOf(objectIn(valueOf(data, 'content')), 'secretName') ?? textOf(data, 'secretName');
}

/** ActionTrail has the parameters of the call. */
function nameInCall(data: JsonObject | undefined): string | undefined {
  const parameters = objectIn(valueOf(data, 'requestParameters')) ?? objectIn(valueOf(data, 'requestParameterJson'));
  return textOf(parameters, 'SecretName');
}

function arnIn(text: string | undefined): Pick<RotationEvent, 'secretName' | 'account' | 'region'> | undefined {
  const [, region, account, secretName] = /^acs:kms:([^:]+):([^:]+):secret\/(.+)$/u.exec(text ?? '') ?? [];
  return secretName === undefined ? undefined : { secretName, account, region };
}
