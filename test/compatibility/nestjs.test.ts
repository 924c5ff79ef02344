import { createHash, randomUUID } from 'node:crypto';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { startCloud } from './support/cloud.ts';
import type { Cloud, Deployment } from './support/cloud.ts';
import { nestStarter } from './support/nest-starter.ts';
import { freePort } from '../support/free-port.mjs';
import { startServer } from './support/server-program.ts';
import { supports } from './support/supports.ts';
import { sendMessage, sendQuery, sendToNativeSocket, sendToSocketIo } from './support/transport-callers.ts';
import type { UsersProject } from './support/users-project.ts';

const everyMajor = {
  graphql: '16.15.0',
  mercurius: '16.10.1',
  '@apollo/server': '5.5.1',
  '@as-integrations/express5': '1.1.2',
  '@swc/cli': '0.8.1',
  '@swc/core': '1.16.22',
  '@types/express': '5.0.6',
  '@types/node': '24.19.4',
  '@types/supertest': '7.2.0',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  'socket.io-client': '4.8.4',
  'source-map-support': '0.5.21',
  supertest: '7.3.2',
  ws: '8.23.0',
};
const nest11 = {
  ...everyMajor,
  '@nestjs/apollo': '13.4.5',
  '@nestjs/cli': '11.0.24',
  '@nestjs/common': '11.2.10',
  '@nestjs/core': '11.2.10',
  '@nestjs/graphql': '13.4.4',
  '@nestjs/mercurius': '13.4.5',
  '@nestjs/microservices': '11.2.6',
  '@nestjs/platform-express': '11.2.10',
  '@nestjs/platform-fastify': '11.2.8',
  '@nestjs/platform-socket.io': '11.2.6',
  '@nestjs/platform-ws': '11.2.6',
  '@nestjs/schedule': '6.1.3',
  '@nestjs/schematics': '11.1.0',
  '@nestjs/terminus': '11.1.1',
  '@nestjs/testing': '11.2.6',
  '@nestjs/websockets': '11.2.6',
  '@types/jest': '30.0.0',
  jest: '30.5.2',
  'ts-jest': '29.4.15',
  'ts-loader': '9.6.2',
  'ts-node': '10.9.2',
  'tsconfig-paths': '4.2.0',
  typescript: '5.9.3',
};
const nest12 = {
  ...everyMajor,
  '@nestjs/apollo': '14.0.3',
  '@nestjs/cli': '12.0.8',
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/graphql': '14.0.3',
  '@nestjs/mercurius': '14.0.0',
  '@nestjs/microservices': '12.1.1',
  '@nestjs/platform-express': '12.5.1',
  '@nestjs/platform-fastify': '12.5.0',
  '@nestjs/platform-socket.io': '12.1.1',
  '@nestjs/platform-ws': '12.1.1',
  '@nestjs/schedule': '12.0.2',
  '@nestjs/schematics': '12.0.6',
  '@nestjs/terminus': '12.1.0',
  '@nestjs/testing': '12.1.1',
  '@nestjs/websockets': '12.1.1',
  typescript: '6.0.3',
  'vite-tsconfig-paths': '5.1.4',
  vitest: '4.1.12',
};

const majors = { 'Nest 11': nest11, 'Nest 12': nest12 };
type Major = keyof typeof majors;

let cloud: Cloud;
let deployment: Deployment;
const projects = new Map<string, UsersProject>();

beforeAll(async () => {
  cloud = await startCloud();
  deployment = await cloud.deploy('access key');
  cloud.kms.put('prod/denied', 's3cret-denied');
  cloud.kms.deny('prod/denied');
  for (const [major, versions] of Object.entries(majors)) {
    const project = await nestStarter(major.toLowerCase().replace(' ', '-'), versions);
    await cp(deployment.folder, project.directory, { recursive: true });
    await project.run('npm', ['run', 'build']);
    projects.set(major, project);
  }
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  await cloud[Symbol.asyncDispose]();
});

interface App {
  /** What the build made of this file of `src`. Default: `main`. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Returns the digest of `prod/db` that the server at this port has. */
  readonly read: (port: number) => Promise<unknown>;
  /** What a caller gets for a secret that is denied. */
  readonly denied: (port: number) => Promise<unknown>;
  readonly expectedDenial: unknown;
  /** How it ends after SIGTERM. Default: with exit code 0. */
  readonly end?: object;
  /** Further expectations, before the rotation. */
  readonly check?: (port: number) => Promise<void>;
}

/** Starts a server, and fails unless it reads the secret, then its next version, denies, and stops. */
async function expectServes(project: UsersProject, app: App): Promise<void> {
  const first = putSecret();
  const port = await freePort();
  await using server = startServer(process.execPath, [`dist/${app.file ?? 'main'}`], {
    cwd: project.directory,
    env: { PORT: String(port), KMS_SECRETS_TTL: '1s', ...app.env },
  });
  try {
    await server.eventually(first, () => app.read(port));
    await app.check?.(port);
    const rotated = putSecret();
    await server.eventually(rotated, () => app.read(port));
    await server.eventually(true, () => server.output().includes(`job ${rotated}`));
    expect(await app.denied(port)).toEqual(app.expectedDenial);
    const { code, signal, output } = await server.stop();
    expect({ code, signal }).toEqual(app.end ?? { code: 0, signal: null });
    expect(output).toContain(`shut down ${rotated}`);
    expect(output).toContain(`connected ${rotated}`); // by @OnSecretRotated
    expect(output).not.toContain('s3cret-');
  } catch (error) {
    throw new Error(`The server printed:\n${server.output()}`, { cause: error });
  }
}

/** Puts a new version of `prod/db` into KMS. Returns the digest of its password. */
function putSecret(): string {
  const password = `s3cret-${randomUUID()}`;
  cloud.kms.put('prod/db', JSON.stringify({ user: 'app', password }));
  return createHash('sha256').update(password).digest('hex').slice(0, 16);
}

/** By default Nest runs its hooks, then sends itself the signal again. */
const endBySignal = { code: null, signal: 'SIGTERM' };

const get = (port: number, path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);

const http = {
  read: async (port: number) => (await get(port, '/reads')).text(),
  denied: async (port: number) => {
    const response = await get(port, '/denied');
    return { status: response.status, body: await response.json() };
  },
  expectedDenial: { status: 503, body: { code: 'ERR_ACCESS_DENIED' } },
  check: async (port: number) => {
    expect(await (await get(port, '/')).text()).toBe('Hello World!');
    expect(await (await get(port, '/orders')).json()).toEqual([{ id: await http.read(port) }]);
    const ready = await get(port, '/ready');
    expect({ status: ready.status, body: await ready.json() }).toMatchObject({
      status: 200,
      body: { status: 'ok', details: { kms: { status: 'up' } } },
    });
  },
};

const graphql = {
  read: async (port: number) => (await sendQuery(port, '{ read }')).data.read,
  denied: (port: number) => sendQuery(port, '{ denied }'),
  expectedDenial: { data: null, errors: [{ message: 'Internal server error' }] },
};

const internalError = { status: 'error', message: 'Internal server error' };

const messages = {
  read: (port: number) => sendMessage(port, 'read', { id: 1 }),
  denied: (port: number) => sendMessage(port, 'denied', { id: 1 }),
  expectedDenial: internalError,
  check: async (port: number) => {
    const digest = await sendMessage(port, 'read', { id: 1 });
    for (const payload of ['text', '', undefined, null, 0])
      expect(await sendMessage(port, 'read', payload)).toBe(digest);
    expect(await sendMessage(port, 'denied', '')).toEqual(internalError);
  },
};

async function expectGateway(project: UsersProject, adapter: string, send: typeof sendToSocketIo): Promise<void> {
  await expectServes(project, {
    file: 'gateway',
    env: { ADAPTER: adapter },
    read: async (port) => ((await send(project, port, 'read')) as { data: unknown }).data, // an event
    denied: (port) => send(project, port, 'denied'),
    expectedDenial: { event: 'exception', data: expect.objectContaining(internalError) as unknown },
  });
}

interface Setting {
  readonly setting: string;
  /** Whose versions the row states, beside that of `@nestjs/core`. */
  readonly packages?: readonly string[];
}

/** A row of the table. */
function nest(major: Major, { setting, packages = [] }: Setting, run: (project: UsersProject) => Promise<void>): void {
  const versionOf: Readonly<Record<string, string>> = majors[major];
  const pinned = ['@nestjs/core', ...packages].map((name) => `${name.replace('@nestjs/', '')} ${versionOf[name]}`);
  supports({ area: 'NestJS', setting: `${major}: ${setting}`, versions: pinned.join(', ') }, () =>
    run(projects.get(major) ?? expect.fail('beforeAll installs it')),
  );
}

for (const major of ['Nest 11', 'Nest 12'] as const) {
  nest(
    major,
    { setting: 'Express, Terminus, scheduled job', packages: ['@nestjs/terminus', '@nestjs/schedule'] },
    (project) => expectServes(project, { ...http, end: endBySignal }),
  );
  nest(major, { setting: 'Fastify, Terminus', packages: ['@nestjs/platform-fastify'] }, (project) =>
    expectServes(project, { file: 'fastify', ...http }),
  );
  nest(major, { setting: 'GraphQL with Apollo', packages: ['@nestjs/apollo', '@apollo/server'] }, (project) =>
    expectServes(project, { file: 'apollo', ...graphql }),
  );
  nest(major, { setting: 'GraphQL with Mercurius', packages: ['@nestjs/mercurius', 'mercurius'] }, (project) =>
    expectServes(project, { file: 'mercurius', ...graphql }),
  );
  nest(major, { setting: 'WebSocket gateway with ws', packages: ['@nestjs/platform-ws'] }, (project) =>
    expectGateway(project, 'ws', sendToNativeSocket),
  );
  nest(major, { setting: 'WebSocket gateway with Socket.IO', packages: ['@nestjs/platform-socket.io'] }, (project) =>
    expectGateway(project, 'socket.io', sendToSocketIo),
  );
  nest(major, { setting: 'microservice (TCP)', packages: ['@nestjs/microservices'] }, (project) =>
    expectServes(project, { file: 'microservice', ...messages }),
  );
  nest(major, { setting: 'hybrid application', packages: ['@nestjs/microservices'] }, async (project) => {
    const messagePort = await freePort();
    await expectServes(project, {
      file: 'hybrid',
      ...http,
      env: { MESSAGE_PORT: String(messagePort) },
      check: () => messages.check(messagePort),
    });
  });
  nest(major, { setting: 'npm test and npm run test:e2e', packages: ['@nestjs/testing'] }, async (project) => {
    for (const script of ['test', 'test:e2e']) {
      const { output } = await project.run('npm', ['run', script]);
      expect(output).not.toContain('s3cret-');
    }
  });
  nest(major, { setting: 'REPL' }, async (project) => {
    putSecret();
    await using server = startServer(process.execPath, ['dist/repl'], { cwd: project.directory });
    await server.eventually(true, () => server.output().includes('REPL initialized'));
    const reading = 'get(SecretsService).get("prod/db").then((secret) => (console.log(secret), "read " + secret.name))';
    server.write(`await ${reading}\n`);
    await server.eventually(true, () => server.output().includes('read prod/db'));
    expect(server.output()).not.toContain('s3cret-');
  });
  nest(major, { setting: 'npm run start:dev', packages: ['@nestjs/cli'] }, async (project) => {
    const first = putSecret();
    const port = await freePort();
    const env = { PORT: String(port), KMS_SECRETS_TTL: '1s' };
    await using server = startServer('npm', ['run', 'start:dev'], { cwd: project.directory, env });
    await server.eventually(first, () => http.read(port));
    const service = 'src/app.service.ts';
    const text = await readFile(join(project.directory, service), 'utf8');
    await project.write(service, text.replace('Hello World!', 'Hello again!'));
    await server.eventually('Hello again!', async () => (await get(port, '/')).text());
    expect(await http.read(port)).toBe(first);
    expect(server.output()).not.toContain('s3cret-');
    await project.write(service, text);
  });
  // These builds replace the one of beforeAll.
  nest(major, { setting: 'nest build -b swc', packages: ['@swc/core'] }, async (project) => {
    await project.run('npm', ['run', 'build', '--', '-b', 'swc']);
    await expectServes(project, { ...http, end: endBySignal });
  });
}

nest('Nest 11', { setting: 'nest build -b webpack', packages: ['@nestjs/cli', 'ts-loader'] }, async (project) => {
  await project.run('npm', ['run', 'build', '--', '-b', 'webpack']);
  await expectServes(project, { ...http, end: endBySignal });
});
