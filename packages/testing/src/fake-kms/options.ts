import type { FakeAccessKey, GatewayKind } from './auth/access-keys.ts';
import type { CalendarClock } from './settable-clock.ts';

/** How a fake KMS is started. Every option may be left out. */
export interface FakeKmsOptions {
  /** Each gets a listener of its own on loopback. `['cn-hangzhou']` when left out. */
  readonly regions?: readonly string[];
  /**
   * KMS instances: their ids, for instances in the first region, or where each is. Each gets a listener and a certificate of
   * its own. None when left out.
   */
  readonly instances?: readonly (string | FakeInstance)[];
  /** Whether instances also take `Authorization: TOKEN …`, as their documentation has it; `Bearer` alone when left out. */
  readonly acceptTokenScheme?: boolean;
  /** Whether the shared gateways know BatchGetSecretValue; instances never do. True when left out. */
  readonly supportsBatch?: boolean;
  /** The port of the first region; the next ones, and then the instances, get the ports after it. Any free ports when left out. */
  readonly port?: number;
  /** HTTP without TLS, for a look at what goes over the wire. */
  readonly plainHttp?: boolean;
  /** Where the fake's time comes from. One that runs and can be set, as `FakeKms.clock`, when left out. */
  readonly clock?: CalendarClock;
  /** The account's key. A made-up one, different each time, when left out. */
  readonly accessKey?: FakeAccessKey;
  /** Requests a second in each region before KMS throttles, or `false` for no bound. 450 when left out, as on the shared gateway. */
  readonly quota?: number | false;
  /** Where the CA and the properties files are written. A temporary one, removed on `close`, when left out. */
  readonly directory?: string;
}

/** A KMS instance in a region. */
export interface FakeInstance {
  /** Such as `kst-hzz123`. */
  readonly id: string;
  readonly region: string;
}

/** Where a region or an instance of the fake is reached. */
export interface FakeEndpoint {
  readonly region: string;
  readonly gateway: GatewayKind;
  /** The instance's id; `undefined` for the shared gateway. */
  readonly instance: string | undefined;
  /** `127.0.0.1:PORT`: what the option `endpoint` of a client takes. */
  readonly endpoint: string;
  readonly port: number;
  readonly url: string;
}

/** Throws for options that make no sense; returns what there is to be. */
export function checkOptions(options: FakeKmsOptions): {
  readonly regions: readonly string[];
  readonly instances: readonly FakeInstance[];
} {
  const regions = options.regions ?? ['cn-hangzhou'];
  const [first] = regions;
  if (first === undefined) throw new TypeError('A fake KMS needs one region at least.');
  if (new Set(regions).size !== regions.length) throw new TypeError('A region of a fake KMS is named twice.');
  const odd = regions.find((region) => !/^[a-z0-9-]+$/.test(region));
  if (odd !== undefined) throw new TypeError(`${JSON.stringify(odd)} is no region id: those look like cn-hangzhou.`);
  const instances = (options.instances ?? []).map((given) =>
    typeof given === 'string' ? { id: given, region: first } : given,
  );
  checkInstances(instances, regions);
  const { port, quota } = options;
  if (
    port !== undefined &&
    (!Number.isInteger(port) || port < 0 || port + regions.length + instances.length > 65_536)
  ) {
    throw new TypeError(
      'The port of a fake KMS is a whole number up to 65535, that of its last region or instance included.',
    );
  }
  if (typeof quota === 'number' && !(quota >= 1))
    throw new TypeError('A quota is one request a second at least, or false.');
  return { regions, instances };
}

function checkInstances(instances: readonly FakeInstance[], regions: readonly string[]): void {
  if (new Set(instances.map(({ id }) => id)).size !== instances.length)
    throw new TypeError('An instance of a fake KMS is named twice.');
  for (const { id, region } of instances) {
    if (!/^kst-[a-z0-9]+$/.test(id))
      throw new TypeError(`${JSON.stringify(id)} is no instance id: those look like kst-hzz123.`);
    if (!regions.includes(region))
      throw new TypeError(
        `The instance ${id} is in ${region}, which is not one of the regions: ${regions.join(', ')}.`,
      );
  }
}
