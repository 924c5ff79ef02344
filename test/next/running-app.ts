import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { build, environmentOf } from './fixture-app.ts';
import type { FixtureApp, FixtureOptions } from './fixture-app.ts';
import { startNext, startStandalone } from './next-process.ts';
import type { NextProcess } from './next-process.ts';
import { sentinel } from './sentinel-search.ts';

const root = join(import.meta.dirname, '../..');

interface PageResponse {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** A fixture that was built without KMS and runs with a fake one. */
export class RunningApp {
  readonly fixture: FixtureApp;
  readonly kms: FakeKms;
  readonly next: NextProcess;

  private constructor(fixture: FixtureApp, kms: FakeKms, next: NextProcess) {
    this.fixture = fixture;
    this.kms = kms;
    this.next = next;
  }

  /** @param isStandalone - starts the `server.js` of `output: 'standalone'` instead of `next start` */
  static async start(name: string, options: FixtureOptions, { isStandalone = false } = {}): Promise<RunningApp> {
    const fixture = await build(name, options);
    const kms = await startFakeKms({ regions: ['cn-hangzhou'] });
    kms.put('db', `${sentinel}db`);
    kms.put('late', `${sentinel}late`);
    kms.put('account', JSON.stringify({ region: 'cn-hangzhou', user: 'shop', password: `${sentinel}password` }));
    const environment = { ...environmentOf(options.settings), ...kms.environment(), secret_names: 'db' };
    const standalone = join(fixture.directory, '.next/standalone', fixture.directory.slice(root.length));
    const next = await (isStandalone
      ? startStandalone(standalone, environment)
      : startNext(fixture.directory, 'start', environment));
    return new RunningApp(fixture, kms, next);
  }

  /** Throws if the response contains the value of a secret. */
  async get(path: string, init?: RequestInit): Promise<PageResponse> {
    const response = await fetch(`${this.next.url}${path}`, init);
    const text = await response.text();
    if (text.includes(sentinel)) throw new Error(`The response to ${path} contains a secret value.`);
    return { status: response.status, text, headers: response.headers };
  }

  async stop(): Promise<void> {
    await this.next.stop();
    await this.kms.close();
  }
}
