import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { nodeBinary } from './support/binaries.ts';
import { identities, startCloud } from './support/cloud.ts';
import type { Cloud, Identity } from './support/cloud.ts';
import { expectReads } from './support/reader.ts';
import { readmeSection } from './support/readme.ts';
import { supports } from './support/supports.ts';
import { ancestorsOf, confidentialIn } from './support/traces.ts';
import type { Span } from './support/traces.ts';
import { datadog, openTelemetry, sentry } from './support/tracers.ts';
import type { Recording, Tracer } from './support/tracers.ts';
import { usersProject } from './support/users-project.ts';
import type { UsersProject } from './support/users-project.ts';

const versions = {
  '@alicloud/kms20160120': '1.2.0',
  '@opentelemetry/api': '1.10.0',
  '@opentelemetry/instrumentation': '0.301.1',
  '@opentelemetry/instrumentation-http': '0.301.0',
  '@opentelemetry/instrumentation-undici': '0.34.0',
  '@opentelemetry/sdk-node': '0.301.0',
  '@opentelemetry/sdk-trace': '3.1.0',
  '@sentry/node': '11.12.0',
  'dd-trace': '6.21.0',
  'dd-trace-5': 'npm:dd-trace@5.132.0',
  esbuild: '0.28.2',
};
/** OpenTelemetry 0.300 and Datadog 6 need Node 22. */
const newerNode = '24.21.0';
/** The last versions for Node 20. */
const node20Versions = {
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/instrumentation': '0.223.0',
  '@opentelemetry/instrumentation-http': '0.223.0',
  '@opentelemetry/instrumentation-undici': '0.33.0',
  '@opentelemetry/sdk-node': '0.223.0',
};

let cloud: Cloud;
let project: UsersProject;
let node20Project: UsersProject;
beforeAll(async () => {
  cloud = await startCloud();
  project = await tracedProject('tracing', versions);
  node20Project = await tracedProject('tracing-node20', node20Versions);
});
afterAll(() => cloud[Symbol.asyncDispose]());

async function tracedProject(name: string, dependencies: Readonly<Record<string, string>>): Promise<UsersProject> {
  const installed = await usersProject(name, { dependencies, files: join(import.meta.dirname, 'fixtures/reader') });
  await cp(join(import.meta.dirname, 'fixtures/tracing'), installed.directory, { recursive: true });
  return installed;
}

interface TracedProgram {
  readonly tracer: Tracer;
  /** Default: `project`. */
  readonly installedIn?: UsersProject;
  /** Default: that of the tests. */
  readonly node?: string;
  /** The options of Node and the program; paths in the project. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A connection, and credentials; `undefined` for the SDK's client with `sdkTransport`. */
interface Access {
  readonly identity: Identity | undefined;
  readonly throughProxy?: boolean;
}

/** Runs fixtures/tracing. Fails unless it reads, and records its reads and its requests to KMS. */
async function recordReads(program: TracedProgram, access: Access): Promise<Recording> {
  const { tracer, installedIn = project, node, args, env } = program;
  await using recorder = await tracer.record();
  const output = await expectReads(cloud, access.identity ?? 'access key', {
    command: node === undefined ? process.execPath : await nodeBinary(node),
    args: args.map((arg) => (arg.startsWith('--') ? arg : join(installedIn.directory, arg))),
    env: {
      ...recorder.env,
      ...env,
      ...(access.identity === undefined && sdkEnvironment()),
      ...(access.throughProxy === true && proxyEnvironment()),
    },
    throughProxy: access.throughProxy ?? false,
  });
  const recording = await recorder.read(output);
  expect(recording.spans.filter(({ name }) => name === 'request').length).toBeGreaterThanOrEqual(3);
  return recording;
}

/** The spans of the requests to KMS. Fails unless each is a child of the client's creation, not of a read. */
function kmsSpansIn(recording: Recording, parents: readonly string[]): readonly Span[] {
  const spans = kmsSpans(recording);
  for (const span of spans) expect(ancestorsOf(span, recording.spans)).toEqual(parents);
  return spans;
}

function kmsSpans({ spans }: Recording): readonly Span[] {
  const urls = cloud.kms.endpoints.map(({ endpoint }) => `https://${endpoint}/`);
  return spans.filter(({ url }) => urls.some((prefix) => url?.startsWith(prefix) === true));
}

/** The password is confidential, too. */
function proxyEnvironment(): Readonly<Record<string, string>> {
  return { HTTPS_PROXY: cloud.proxy.url.replace('//', '//user:s3cret-proxy@') };
}

const temporaryKey = {
  accessKeyId: 'STS.FakeOfTheApp',
  accessKeySecret: 'FakeStsSecretOfTheApp',
  securityToken: 'FakeTokenOfTheApp',
};

/** The SDK's client has no options for a CA and a proxy. */
function sdkEnvironment(): Readonly<Record<string, string>> {
  const { kms } = cloud;
  kms.addStsKey({ ...temporaryKey, expiresAt: kms.clock.date() + 3_600_000 });
  const { endpoint } = kms.endpoint('cn-hangzhou');
  return {
    READER_SDK: JSON.stringify({ type: 'sts', ...temporaryKey, endpoint }),
    NODE_EXTRA_CA_CERTS: kms.caFilePath,
  };
}

/** Runs the program with each access. Returns the confidential data in the recordings. */
async function confidentialWith(program: TracedProgram, accesses: readonly Access[]): Promise<readonly string[]> {
  cloud.kms.clearRequests();
  const recordings = await Promise.all(accesses.map((access) => recordReads(program, access)));
  const { requests } = cloud.kms;
  expect(recordings.flatMap((recording) => kmsSpansIn(recording, ['start']))).toHaveLength(requests.length);
  for (const { headers } of requests) expect(headers).toEqual(expect.arrayContaining([...program.tracer.headers]));
  return [...new Set(recordings.flatMap(({ text }) => confidentialIn(text)))];
}

/** As in most apps: the client is created outside of all spans. */
async function expectRoots(program: TracedProgram): Promise<void> {
  cloud.kms.clearRequests();
  const recording = await recordReads({ ...program, env: { NO_START_SPAN: 'true' } }, { identity: 'access key' });
  const expected = program.tracer.recordsRoots ? cloud.kms.requests.length : 0;
  expect(kmsSpansIn(recording, [])).toHaveLength(expected);
}

async function expectTraced(program: TracedProgram): Promise<void> {
  const direct = identities.map((identity) => ({ identity }));
  expect(await confidentialWith(program, direct)).toEqual([]);
  const proxied = identities.map((identity) => ({ identity, throughProxy: true }));
  expect(await confidentialWith(program, proxied)).toEqual([]);
  await expectRoots(program);
}

const esm = 'traced-reader.mjs';
const commonJs = 'traced-reader.cjs';

const openTelemetryVersions = `OpenTelemetry ${versions['@opentelemetry/sdk-node']}, Node.js ${newerNode}`;
const withOpenTelemetry = { tracer: openTelemetry, node: newerNode };

supports({ area: 'Tracing', setting: 'OpenTelemetry, ESM', versions: openTelemetryVersions }, () =>
  expectTraced({ ...withOpenTelemetry, args: ['--import', 'opentelemetry.mjs', esm] }),
);

supports({ area: 'Tracing', setting: 'OpenTelemetry, CommonJS', versions: openTelemetryVersions }, () =>
  expectTraced({ ...withOpenTelemetry, args: ['--require', 'opentelemetry.cjs', commonJs] }),
);

supports(
  {
    area: 'Tracing',
    setting: 'OpenTelemetry, in a CommonJS bundle',
    versions: `${openTelemetryVersions}, esbuild ${versions.esbuild}`,
  },
  async () => {
    await project.write('bundled.cjs', `require('./opentelemetry.cjs');\nrequire('./${commonJs}');\n`);
    const external = ['dd-trace', 'dd-trace-5', '@sentry/node'].map((name) => `--external:${name}`);
    const options = ['bundled.cjs', '--bundle', '--platform=node', '--outfile=dist/bundle.cjs', ...external];
    await project.run('node_modules/.bin/esbuild', options);

    await expectTraced({ ...withOpenTelemetry, args: ['dist/bundle.cjs'] });
  },
);

const node20 = `OpenTelemetry ${node20Versions['@opentelemetry/sdk-node']}`;

supports({ area: 'Tracing', setting: 'OpenTelemetry for Node.js 20, ESM', versions: node20 }, () =>
  expectTraced({
    tracer: openTelemetry,
    installedIn: node20Project,
    args: ['--import', 'opentelemetry.mjs', esm],
  }),
);

supports({ area: 'Tracing', setting: 'OpenTelemetry for Node.js 20, CommonJS', versions: node20 }, () =>
  expectTraced({
    tracer: openTelemetry,
    installedIn: node20Project,
    args: ['--require', 'opentelemetry.cjs', commonJs],
  }),
);

for (const { name, node, version } of [
  { name: 'dd-trace', node: newerNode, version: `dd-trace ${versions['dd-trace']}, Node.js ${newerNode}` },
  { name: 'dd-trace-5', node: undefined, version: versions['dd-trace-5'].slice('npm:'.length).replace('@', ' ') },
] as const) {
  const program = { tracer: datadog(name), ...(node !== undefined && { node }) };
  const major = name === 'dd-trace' ? '6' : '5';

  supports({ area: 'Tracing', setting: `Datadog ${major}, ESM`, versions: version }, () =>
    expectTraced({ ...program, args: ['--import', `node_modules/${name}/initialize.mjs`, esm] }),
  );

  supports({ area: 'Tracing', setting: `Datadog ${major}, CommonJS`, versions: version }, () =>
    expectTraced({ ...program, args: ['--require', `node_modules/${name}/init.js`, commonJs] }),
  );

  supports({ area: 'Tracing', setting: `Datadog ${major}, without an agent`, versions: version }, async () => {
    const args = ['--require', `node_modules/${name}/init.js`, commonJs];
    await expectReads(cloud, 'access key', {
      command: node === undefined ? process.execPath : await nodeBinary(node),
      args: args.map((arg) => (arg.startsWith('--') ? arg : join(project.directory, arg))),
      // A port that is always closed for clients.
      env: { TRACER: name, DD_TRACE_AGENT_URL: 'http://127.0.0.1:9' },
    });
  });
}

const sentryVersions = `@sentry/node ${versions['@sentry/node']}`;

const inSentry =
  'works; Sentry drops requests without a parent span: create the client in `Sentry.startSpan` to see them';

supports({ area: 'Tracing', setting: 'Sentry, ESM', versions: sentryVersions, remark: inSentry }, () =>
  expectTraced({ tracer: sentry, args: ['--import', 'sentry.mjs', esm] }),
);

supports({ area: 'Tracing', setting: 'Sentry, CommonJS', versions: sentryVersions, remark: inSentry }, () =>
  expectTraced({ tracer: sentry, args: ['--import', 'sentry.cjs', commonJs] }),
);

/** The list that the README gives for an option, as JSON. */
function redactedInReadme(option: string): string {
  const list = readmeSection('core', 'Tracing').split(`${option}: [`)[1]?.split(']')[0];
  if (list === undefined) throw new Error(`The README has no ${option}.`);
  return `[${list.replaceAll("'", '"')}]`;
}

const sdk: readonly Access[] = [{ identity: undefined }];

supports(
  {
    area: 'Tracing',
    setting: 'OpenTelemetry, sdkTransport',
    versions: openTelemetryVersions,
    remark: "the SDK's URLs contain access key ID and security token: set `redactedQueryParams`, see the README",
  },
  async () => {
    const program = { ...withOpenTelemetry, args: ['--require', 'opentelemetry.cjs', commonJs] };
    expect(await confidentialWith(program, sdk)).toEqual(['an access key ID', 'a security token']);

    const redacted = { ...program, env: { REDACTED: redactedInReadme('redactedQueryParams') } };
    expect(await confidentialWith(redacted, sdk)).toEqual([]);
  },
);

supports(
  {
    area: 'Tracing',
    setting: 'Sentry, sdkTransport',
    versions: sentryVersions,
    remark: "the SDK's URLs contain the signature of the request: set `urlQueryParams`, see the README",
  },
  async () => {
    const program = { tracer: sentry, args: ['--import', 'sentry.cjs', commonJs] };
    expect(await confidentialWith(program, sdk)).toEqual(['a signature']);

    const redacted = { ...program, env: { REDACTED: redactedInReadme('urlQueryParams: { deny') } };
    expect(await confidentialWith(redacted, sdk)).toEqual([]);
  },
);

supports(
  {
    area: 'Tracing',
    setting: 'Datadog 6, sdkTransport',
    versions: `dd-trace ${versions['dd-trace']}, Node.js ${newerNode}`,
  },
  async () => {
    const args = ['--require', 'node_modules/dd-trace/init.js', commonJs];
    expect(await confidentialWith({ tracer: datadog('dd-trace'), node: newerNode, args }, sdk)).toEqual([]);
  },
);
