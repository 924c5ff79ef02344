import type { CliLoginIdentity } from '../options/default-source.ts';
import { FetchFailure } from '../ports/transport.ts';
import { isError } from '../secret/is-error.ts';
import { loadModule } from '../secret/module-error.ts';
import type { IssuedCredentials, ProviderCredentials } from './cached-credentials.ts';
import type { HttpLogEntry } from './http-log.ts';
import { logRequests } from './http-log.ts';
import { sendOverOwnChannel } from './provider-https.ts';
import type { SessionProvider } from './session.ts';
import { fetchSession } from './session.ts';
import { tokenFailure } from './token-failure.ts';
import type { TokenProviderOptions } from './token-providers.ts';

/** The timeout of a command (ms). Shorter than that of a fetch of credentials, which cannot name the command. */
const commandTimeout = 10_000;

/**
 * Fetches credentials by a login or a command of a profile of the Alibaba Cloud CLI. Rejects with a `FetchFailure`.
 *
 * The library stores the credentials in `config.json`. This client stores none: only the token of an OAuth login, which becomes
 * invalid when it is renewed.
 */
export async function fetchByCliLogin(
  identity: CliLoginIdentity,
  { clock, prepare, resolveProxy }: TokenProviderOptions,
): Promise<IssuedCredentials> {
  const provider = await createLoginProvider(identity);
  if (identity.mode === 'External') return runCommand(identity, provider, clock.date());
  const httpLog: HttpLogEntry[] = [];
  sendOverOwnChannel(provider, { resolveProxy, clock });
  prepare?.(provider);
  logRequests(provider, httpLog);
  try {
    return await fetchSession(provider as SessionProvider, httpLog, clock); // the providers of these modes have sessions
  } catch (error) {
    const subject = `The ${identity.mode} login of the profile "${identity.name}"`;
    const failure = tokenFailure(error, httpLog, { subject, date: clock.date() });
    if (failure.failure !== 'identity') throw failure;
    const advice = `Log in again with \`aliyun configure --mode ${identity.mode} --profile ${identity.name}\`.`;
    throw new FetchFailure('identity', `${failure.message} ${advice}`, failure);
  }
}

/** The library exports no provider for these modes. Its version is pinned, and tests cover each mode. */
async function createLoginProvider({ name, profile }: CliLoginIdentity): Promise<object> {
  const { CLIProfileCredentialsProvider } = await loadModule(() => import('@alicloud/credentials'));
  const cli = CLIProfileCredentialsProvider.builder().withProfileName(name).build();
  const create = Reflect.get(cli, 'getCredentialsProvider') as (config: object, profileName: string) => object;
  const provider = create.call(cli, { current: name, profiles: [profile] }, name);
  Reflect.set(provider, 'credentialUpdateCallback', undefined);
  Reflect.set(provider, 'timeout', commandTimeout);
  keepOnlyToken(provider, profile['oauth_refresh_token']);
  return provider;
}

type StoreToken = (...parts: [refreshToken: unknown, accessToken: unknown, ...rest: unknown[]]) => unknown;

/** Stores a renewed token, and no credentials in place of those that the CLI has stored. */
function keepOnlyToken(provider: object, refreshToken: unknown): void {
  const store: unknown = Reflect.get(provider, 'tokenUpdateCallback');
  if (typeof store !== 'function') return;
  const storeToken: StoreToken = async (...parts) => {
    const [renewed, accessToken, , , , accessTokenExpire] = parts;
    if (renewed !== refreshToken) await (store as StoreToken)(renewed, accessToken, '', '', '', accessTokenExpire, 0);
  };
  Reflect.set(provider, 'tokenUpdateCallback', storeToken);
}

interface CommandProvider {
  getCredentials(): Promise<ProviderCredentials>;
  /** Seconds since 1970; 0 if the command does not report it. */
  readonly expirationTimestamp: number;
}

async function runCommand({ name }: CliLoginIdentity, provider: object, date: number): Promise<IssuedCredentials> {
  const command = provider as CommandProvider; // external.js of 2.4.7
  try {
    const { accessKeyId, accessKeySecret, securityToken = '' } = await command.getCredentials();
    const credentials = { accessKeyId, accessKeySecret, ...(securityToken === '' ? {} : { securityToken }) };
    const expiresAt = command.expirationTimestamp * 1_000;
    return { credentials, lifetime: expiresAt === 0 ? undefined : Math.max(expiresAt - date, 0) };
  } catch (error) {
    throw commandFailure(error, name);
  }
}

/** The library's message contains the command line and what the command printed. Either may be secret. */
function commandFailure(error: unknown, name: string): FetchFailure {
  const text = isError(error) ? error.message : '';
  const subject = `process_command of the External profile "${name}"`;
  if (text.startsWith('failed to execute')) {
    const code = /\b(?:ENOENT|EACCES|EPERM|E2BIG)$/u.exec(text)?.[0];
    const problem =
      code === undefined
        ? `exited with an error, or did not end within ${commandTimeout} ms`
        : `could not be started (${code})`;
    return new FetchFailure('unreachable', `${subject} ${problem}. Run it in a shell as the user of this process.`, {
      code,
    });
  }
  const expected = '{"mode":"StsToken","access_key_id":"…","access_key_secret":"…","sts_token":"…","expiration":"…"}';
  return new FetchFailure('identity', `${subject} did not print credentials. Expected JSON such as ${expected}.`);
}
