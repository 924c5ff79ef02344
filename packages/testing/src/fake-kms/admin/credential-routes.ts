import type { FakeKms } from '../fake-kms.ts';
import { parseFault } from '../faults/parse-fault.ts';
import type { JsonFields } from '../json-fields.ts';
import type { FakeCredentialsUri } from '../metadata/credentials-uri.ts';
import type { FakeMetadata } from '../metadata/metadata.ts';
import type { FakeSts } from '../sts/sts.ts';
import { withoutFields, withString } from './route-helpers.ts';
import type { Route } from './route-helpers.ts';

type Server = FakeSts | FakeMetadata | FakeCredentialsUri;

/** Routes for client keys, STS, the metadata server and the credentials URI. Named after the methods of those classes. */
export const credentialRoutes: readonly (readonly [string, Route])[] = [
  ['GET /servers', servers],
  ['POST /create-client-key', createClientKey],
  ['POST /disable-access-key', withString('accessKeyId', (kms, id) => kms.disableAccessKey(id))],
  ['POST /remove-access-key', withString('accessKeyId', (kms, id) => kms.removeAccessKey(id))],
  ['POST /sts/add-role', addRole],
  ['POST /sts/remove-role', withString('arn', (kms, arn) => kms.sts.removeRole(arn))],
  ['POST /sts/register-oidc-token', registerOidcToken],
  ['POST /metadata/attach-role', attachRole],
  ['POST /metadata/detach-role', withoutFields((kms) => kms.metadata.detachRole())],
  ['POST /metadata/enable-hardening', withoutFields((kms) => kms.metadata.enableHardening())],
  ['POST /metadata/disable-hardening', withoutFields((kms) => kms.metadata.disableHardening())],
  [
    'POST /credentials-uri/set-lifetime',
    (kms, fields) => {
      const seconds = fields.number('seconds');
      fields.rejectUnknown();
      kms.credentialsUri.setLifetime(seconds);
    },
  ],
  ...serverRoutes('/sts', (kms) => kms.sts),
  ...serverRoutes('/metadata', (kms) => kms.metadata),
  ...serverRoutes('/credentials-uri', (kms) => kms.credentialsUri),
];

/** The addresses of all servers. */
function servers({ endpoints, sts, metadata, credentialsUri, caFilePath }: FakeKms): unknown {
  return {
    endpoints,
    caFilePath,
    sts: { url: sts.url, endpoint: sts.endpoint },
    metadata: { url: metadata.url },
    credentialsUri: { url: credentialsUri.url },
  };
}

/** Returns the paths of the files, not the key itself. */
function createClientKey(kms: FakeKms, fields: JsonFields): unknown {
  const gateway = fields.oneOf('gateway', ['shared', 'instance', 'both']);
  const secrets = fields.optionalStrings('secrets');
  const expiresAt = fields.optionalNumber('expiresAt');
  fields.rejectUnknown();
  const { keyId, keyFile, passwordFile } = kms.createClientKey({
    gateway,
    ...(secrets !== undefined && { secrets }),
    ...(expiresAt !== undefined && { expiresAt }),
  });
  return { keyId, keyFile, passwordFile };
}

function addRole(kms: FakeKms, fields: JsonFields): void {
  const arn = fields.string('arn');
  const maxDuration = fields.optionalNumber('maxDuration');
  const secrets = fields.optionalStrings('secrets');
  const trustedKeyIds = fields.optionalStrings('trustedKeyIds');
  fields.rejectUnknown();
  kms.sts.addRole({
    arn,
    ...(maxDuration !== undefined && { maxDuration }),
    ...(secrets !== undefined && { secrets }),
    ...(trustedKeyIds !== undefined && { trustedKeyIds }),
  });
}

function registerOidcToken(kms: FakeKms, fields: JsonFields): void {
  const providerArn = fields.string('providerArn');
  const token = fields.string('token');
  const expiresAt = fields.optionalNumber('expiresAt');
  fields.rejectUnknown();
  kms.sts.registerOidcToken({ providerArn, token, ...(expiresAt !== undefined && { expiresAt }) });
}

function attachRole(kms: FakeKms, fields: JsonFields): void {
  const name = fields.string('name');
  const secrets = fields.optionalStrings('secrets');
  const lifetime = fields.optionalNumber('lifetime');
  fields.rejectUnknown();
  kms.metadata.attachRole(name, {
    ...(secrets !== undefined && { secrets }),
    ...(lifetime !== undefined && { lifetime }),
  });
}

/** The routes that all three servers have. */
function serverRoutes(path: string, serverOf: (kms: FakeKms) => Server): readonly (readonly [string, Route])[] {
  return [
    [`GET ${path}/requests`, (kms) => serverOf(kms).requests],
    [`POST ${path}/clear-requests`, withoutFields((kms) => serverOf(kms).clearRequests())],
    [
      `POST ${path}/fault`,
      (kms, fields) => {
        const fault = parseFault(fields);
        const times = fields.optionalNumber('times');
        fields.rejectUnknown();
        serverOf(kms).fault(fault, times === undefined ? {} : { times });
      },
    ],
    [`POST ${path}/heal`, withoutFields((kms) => serverOf(kms).heal())],
    [`POST ${path}/stop`, withoutFields((kms) => serverOf(kms).stop())],
    [`POST ${path}/start`, withoutFields((kms) => serverOf(kms).start())],
  ];
}
