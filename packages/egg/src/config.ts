import type { DeclaredOptions, SecretClient, SecretClientOptions } from '@kms-secrets/core';

/** `config.kmsSecrets` of an app that declares `Names`. */
export type ConfigOf<Names> = Omit<SecretClientOptions, 'preload'> &
  DeclaredOptions<Names> & {
    /** A client to use instead of creating one, for tests. The plug-in does not close it, and shares nothing with other processes. */
    readonly client?: SecretClient | undefined;
    /**
     * Whether the processes of a machine share what they fetch, through the agent. Default: `true`, unless `stores` has a store that a
     * fleet shares, or on Windows.
     */
    readonly shareViaAgent?: boolean | undefined;
    /** Egg's options of a middleware: paths whose requests do not read `preload`, and whose errors are those of Egg. */
    readonly ignore?: unknown;
    readonly match?: unknown;
    readonly enable?: boolean | undefined;
  };

/** What the plug-in reads: the names are those that the app gives. */
export type AnyConfig = ConfigOf<{}>;
