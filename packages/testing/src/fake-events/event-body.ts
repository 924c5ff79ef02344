import { accountId } from '../fake-kms/api/get-secret-value.ts';
import type { SecretChange } from '../fake-kms/secrets/secret-changes.ts';
import { formatDate } from '../fake-kms/settable-clock.ts';

/** What an event says about a secret. */
export interface EventContent extends SecretChange {
  readonly id: string;
  readonly region: string;
  /** Default: the account of the fake. */
  readonly account?: string | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The CloudEvent that EventBridge sends. */
export function cloudEvent(content: EventContent): object {
  const { id, name, kind, region, account = accountId, at } = content;
  const arn = `acs:kms:${region}:${account}:secret/${name}`;
  return {
    id,
    source: 'acs.kms',
    specversion: '1.0',
    type: cloudEventTypes[kind],
    datacontenttype: 'application/json;charset=utf-8',
    subject: arn,
    time: formatDate(at),
    aliyunaccountid: account,
    aliyunregionid: region,
    aliyuneventbusname: 'default',
    aliyunpublishtime: formatDate(at),
    data: kind === 'put' ? callData(content) : rotationData(content, kind),
  };
}

const cloudEventTypes: Readonly<Record<SecretChange['kind'], string>> = {
  put: 'kms:ActionTrail:ApiCall',
  rotated: 'kms:CloudMonitor:Secret[RotateSecret:Success]',
  rotationFailed: 'kms:CloudMonitor:Secret[RotateSecret:Failure]',
};

/** The event that CloudMonitor sends to a URL or a queue. `undefined` for a call of the API, of which it sends none. */
export function cloudMonitorEvent(content: EventContent): object | undefined {
  return content.kind === 'put' ? undefined : rotationData(content, content.kind);
}

function rotationData(
  { id, name, region, account = accountId, at }: EventContent,
  kind: 'rotated' | 'rotationFailed',
): object {
  const isSuccess = kind === 'rotated';
  const arn = `acs:kms:${region}:${account}:secret/${name}`;
  const outcome = isSuccess
    ? { successTime: formatDate(at) }
    : { failureTime: formatDate(at), failureInfo: { errorCode: 'InternalFailure' } };
  return {
    product: 'KMS',
    eventTime: formatDate(at),
    level: isSuccess ? 'INFO' : 'CRITICAL',
    name: isSuccess ? 'Secret:RotateSecret:Success' : 'Secret:RotateSecret:Failure',
    regionId: region,
    resourceId: arn,
    status: isSuccess ? 'Success' : 'Failed',
    content: {
      eventId: id,
      secretName: name,
      secretType: 'Rds',
      secretSubType: 'SingleUser',
      rotationEntityArn: arn,
      rotationStatus: isSuccess ? 'Success' : 'Failed',
      ...outcome,
    },
    ver: '1.0',
  };
}

/** The record of ActionTrail. */
function callData({ id, name, region, account = accountId, at }: EventContent): object {
  return {
    eventId: id,
    eventName: 'PutSecretValue',
    eventType: 'ApiCall',
    eventRW: 'Write',
    eventTime: formatDate(at),
    serviceName: 'Kms',
    acsRegion: region,
    requestParameters: { SecretName: name, RegionId: region },
    userIdentity: { type: 'ram-user', accountId: account },
  };
}
