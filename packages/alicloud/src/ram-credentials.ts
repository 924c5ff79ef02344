import type { SecretHandle } from '@kms-secrets/core';
import { accessKeyOf } from './access-key.ts';
import type { RamAccessKey } from './access-key.ts';
import { followedSdks, followFields } from './follow.ts';
import { isInvalidAccessKey } from './invalid-access-key.ts';
import { Credential } from './library.ts';

/** What `@alicloud/log` and `@alicloud/pop-core` accept as `credentialsProvider`. */
export interface AccessKeyProvider {
  getCredentials(): Promise<RamAccessKey>;
}

type RamHandle = Pick<SecretHandle, 'name' | 'current' | 'get' | 'refresh' | 'dispose'>;

/** The access key of a RAM secret, as each SDK takes it. A `Credential` of `@alicloud/credentials`. */
export class RamCredentials extends Credential {
  /** For `@alicloud/log` and `@alicloud/pop-core`. */
  readonly credentialsProvider: AccessKeyProvider;
  readonly #handle: RamHandle;

  constructor(handle: RamHandle) {
    // The SDK of the Log Service tests that it is an `async` function.
    const getCredentials = async (): Promise<RamAccessKey> => accessKeyOf(await handle.get());
    const providerName = 'kms_ram_secret';
    super(null, {
      getProviderName: () => providerName,
      getCredentials: async () => ({ ...(await getCredentials()), providerName }),
    });
    this.credentialsProvider = { getCredentials };
    this.#handle = handle;
  }

  /** Reads the access key. Rejects with `AccessKeyError`, and as `SecretClient.get` does. */
  get(): Promise<RamAccessKey> {
    return this.credentialsProvider.getCredentials();
  }

  /** The access key in memory. Throws `AccessKeyError`, and as `SecretHandle.current` does. */
  get current(): RamAccessKey {
    return accessKeyOf(this.#handle.current);
  }

  /**
   * Makes a client use the current access key for each request, and returns it: a client of ali-oss, tablestore, @alicloud/mns or
   * @alicloud/pop-core. Await `get()` first, for the key with which the client is created.
   *
   * Throws a `TypeError` for another client, and as `current` does.
   */
  follow<Client extends object>(client: Client): Client {
    void this.current; // a client without a key would fail later, where the cause does not show
    if ('credentialsProvider' in client) {
      Object.assign(client, { credentialsProvider: this.credentialsProvider });
      return client;
    }
    if (followFields(client, () => this.current)) return client;
    throw new TypeError(`follow() expects a client of ${followedSdks}. Pass ramCredentials() itself to other SDKs.`);
  }

  /**
   * Calls `call`. If it fails because the access key was deleted or disabled, refreshes the secret and calls it once more. `call` must
   * create its request anew: pass a function, not a promise.
   */
  async retrying<Result>(call: () => Promise<Result>): Promise<Result> {
    const { versionId } = await this.#handle.get();
    try {
      return await call();
    } catch (error) {
      if (!isInvalidAccessKey(error) || !(await this.#hasNewer(versionId))) throw error;
      return call();
    }
  }

  /** The credentials no longer keep their secret fresh. */
  dispose(): void {
    this.#handle.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Whether there is a newer version than the one whose key was rejected. */
  async #hasNewer(versionId: string): Promise<boolean> {
    try {
      return (await this.#handle.refresh({ unlessNewerThan: versionId })).versionId !== versionId;
    } catch {
      return false; // the error of the call says more
    }
  }
}
