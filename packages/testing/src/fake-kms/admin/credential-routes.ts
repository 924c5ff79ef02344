import type { FakeKms } from '../fake-kms.ts';
import type { FakeCredentialsUri } from '../metadata/credentials-uri.ts';
import type { FakeMetadata } from '../metadata/metadata.ts';
import type { FakeSts } from '../sts/sts.ts';
import type { JsonFields } from '../json-fields.ts';
import { readFault } from '../faults/parse-fault.ts';
import { bare, byText } from './route-helpers.ts';
import type { Route } from './route-helpers.ts';

type Side = FakeSts | FakeMetadata | FakeCredentialsUri;

/** Of client keys, STS, the metadata service and the address of temporary keys. The paths are the names of their methods. */
export const sideRoutes: readonly (readonly [string, Route])[] = [
  ['GET /servers', servers],
  ['POST /create-client-key', createClientKey],
  ['POST /disable-access-key', byText('accessKeyId', (kms, id) => kms.disableAccessKey(id))],
  ['POST /remove-access-key', byText('accessKeyId', (kms, id) => kms.removeAccessKey(id))],
  ['POST /sts/add-role', addRole],
  ['POST /sts/remove-role', byText('arn', (kms, arn) => kms.sts.removeRole(arn))],
  ['POST /sts/register-oidc-token', registerOidcToken],
  ['POST /metadata/attach-role', attachRole],
  ['POST /metadata/detach-role', bare((kms) => kms.metadata.detachRole())],
  ['POST /metadata/enable-hardening', bare((kms) => kms.metadata.enableHardening())],
  ['POST /metadata/disable-hardening', bare((kms) => kms.metadata.disableHardening())],
  [
    'POST /credentials-uri/set-lifetime',
    (kms, fields) => {
      const seconds = fields.number('seconds');
      fields.end();
      kms.credentialsUri.setLifetime(seconds);
    },
  ],
  ...routesOf('/sts', (kms) => kms.sts),
  ...routesOf('/metadata', (kms) => kms.metadata),
  ...routesOf('/credentials-uri', (kms) => kms.credentialsUri),
];

/** Where each listens, and what it is called in the settings of a client. */
function servers({ endpoints, sts, metadata, credentialsUri, caFilePath }: FakeKms): unknown {
  return {
    endpoints,
    caFilePath,
    sts: { url: sts.url, endpoint: sts.endpoint },
    metadata: { url: metadata.url },
    credentialsUri: { url: credentialsUri.url },
  };
}

/** Tells where its files are; the key itself stays in them. */
function createClientKey(kms: FakeKms, fields: JsonFields): unknown {
  const gateway = fields.oneOf('gateway', ['shared', 'instance', 'both']);
  const secrets = fields.optionalTexts('secrets');
  const expiresAt = fields.optionalNumber('expiresAt');
  fields.end();
  const { keyId, keyFile, passwordFile } = kms.createClientKey({
    gateway,
    ...(secrets !== undefined && { secrets }),
    ...(expiresAt !== undefined && { expiresAt }),
  });
  return { keyId, keyFile, passwordFile };
}

function addRole(kms: FakeKms, fields: JsonFields): void {
  const arn = fields.text('arn');
  const maxDuration = fields.optionalNumber('maxDuration');
  const secrets = fields.optionalTexts('secrets');
  const trusts = fields.optionalTexts('trusts');
  fields.end();
  kms.sts.addRole({
    arn,
    ...(maxDuration !== undefined && { maxDuration }),
    ...(secrets !== undefined && { secrets }),
    ...(trusts !== undefined && { trusts }),
  });
}

function registerOidcToken(kms: FakeKms, fields: JsonFields): void {
  const [providerArn, token] = [fields.text('providerArn'), fields.text('token')];
  const expiresAt = fields.optionalNumber('expiresAt');
  fields.end();
  kms.sts.registerOidcToken({ providerArn, token, ...(expiresAt !== undefined && { expiresAt }) });
}

function attachRole(kms: FakeKms, fields: JsonFields): void {
  const name = fields.text('name');
  const secrets = fields.optionalTexts('secrets');
  const lifetime = fields.optionalNumber('lifetime');
  fields.end();
  kms.metadata.attachRole(name, {
    ...(secrets !== undefined && { secrets }),
    ...(lifetime !== undefined && { lifetime }),
  });
}

/** What can be done to each of the three servers. */
function routesOf(path: string, sideOf: (kms: FakeKms) => Side): readonly (readonly [string, Route])[] {
  return [
    [`GET ${path}/requests`, (kms) => sideOf(kms).requests],
    [`POST ${path}/clear-requests`, bare((kms) => sideOf(kms).clearRequests())],
    [
      `POST ${path}/fault`,
      (kms, fields) => {
        const fault = readFault(fields);
        const times = fields.optionalNumber('times');
        fields.end();
        sideOf(kms).fault(fault, times === undefined ? {} : { times });
      },
    ],
    [`POST ${path}/heal`, bare((kms) => sideOf(kms).heal())],
    [`POST ${path}/stop`, bare((kms) => sideOf(kms).stop())],
    [`POST ${path}/start`, bare((kms) => sideOf(kms).start())],
  ];
}
