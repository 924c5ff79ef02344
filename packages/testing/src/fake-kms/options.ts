import type { FakeAccessKey, GatewayKind } from './auth/access-keys.ts';
import type { CalendarClock } from './settable-clock.ts';

/** The options of `startFakeKms`. All are optional. */
export interface FakeKmsOptions {
  /** Each region gets its own port on loopback. Default: `['cn-hangzhou']`. */
  readonly regions?: readonly string[];
  /**
   * KMS instances: ids, for instances in the first region, or ids with their regions. Each instance gets its own port and
   * certificate. Default: none.
   */
  readonly instances?: readonly (string | FakeInstance)[];
  /** Instances accept `Authorization: TOKEN …` too, as documented, in addition to `Bearer`. Default: `false`. */
  readonly acceptTokenScheme?: boolean;
  /** The shared gateways support BatchGetSecretValue. Instances never do. Default: `true`. */
  readonly supportsBatch?: boolean;
  /** The port of the first region. The other regions, then the instances, get the following ports. Default: free ports. */
  readonly port?: number;
  /** The port of STS. Default: a free port. */
  readonly stsPort?: number;
  /** HTTP without TLS, to inspect the traffic. Default: `false`. */
  readonly plainHttp?: boolean;
  /** The source of the fake's time. Default: a running clock that can be set, `FakeKms.clock`. */
  readonly clock?: CalendarClock;
  /** The access key of the account. Default: a new generated key. */
  readonly accessKey?: FakeAccessKey;
  /**
   * Requests per second and endpoint before KMS throttles; `false` for no limit. Default: 450, the quota of the shared
   * gateway.
   */
  readonly quota?: number | false;
  /** The directory of the CA file and the properties files. Default: a temporary one, which `close` removes. */
  readonly directory?: string;
}

/** A KMS instance in a region. */
export interface FakeInstance {
  /** For example `kst-hzz123`. */
  readonly id: string;
  readonly region: string;
}

/** The address of a region or an instance of the fake. */
export interface FakeEndpoint {
  readonly region: string;
  readonly gateway: GatewayKind;
  /** The id of the instance. `undefined` for the shared gateway. */
  readonly instance: string | undefined;
  /** `127.0.0.1:PORT`: the value of a client's `endpoint` option. */
  readonly endpoint: string;
  readonly port: number;
  readonly url: string;
}

/** Every option. The type makes the table complete. */
const knownOptions: Readonly<Record<keyof FakeKmsOptions, true>> = {
  regions: true,
  instances: true,
  acceptTokenScheme: true,
  supportsBatch: true,
  port: true,
  stsPort: true,
  plainHttp: true,
  clock: true,
  accessKey: true,
  quota: true,
  directory: true,
};

/** Returns the regions and instances to serve. Throws a `TypeError` for invalid options. */
export function validateOptions(options: FakeKmsOptions): {
  readonly regions: readonly string[];
  readonly instances: readonly FakeInstance[];
} {
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(knownOptions, name));
  if (unknown.length > 0) {
    const known = Object.keys(knownOptions).join(', ');
    throw new TypeError(`A fake KMS has no option ${unknown.join(', ')}. Its options are ${known}.`);
  }
  const regions = options.regions ?? ['cn-hangzhou'];
  if (!Array.isArray(regions)) throw new TypeError('The regions of a fake KMS must be a list of region ids.');
  const [firstRegion] = regions;
  if (firstRegion === undefined) throw new TypeError('A fake KMS needs at least one region.');
  if (new Set(regions).size !== regions.length) throw new TypeError('The regions of a fake KMS must be unique.');
  const invalid = regions.find((region) => !/^[a-z0-9-]+$/.test(region));
  if (invalid !== undefined) {
    throw new TypeError(`${JSON.stringify(invalid)} is not a region id: expected an id such as cn-hangzhou.`);
  }
  const instances = (options.instances ?? []).map((instance) =>
    typeof instance === 'string' ? { id: instance, region: firstRegion } : instance,
  );
  validateInstances(instances, regions);
  validatePort(options.port, regions.length + instances.length);
  validateStsPort(options, regions.length + instances.length);
  if (typeof options.quota === 'number' && !(options.quota >= 1)) {
    throw new TypeError('The quota of a fake KMS must be at least 1 request per second, or false.');
  }
  return { regions, instances };
}

function validateInstances(instances: readonly FakeInstance[], regions: readonly string[]): void {
  if (new Set(instances.map(({ id }) => id)).size !== instances.length) {
    throw new TypeError('The instances of a fake KMS must be unique.');
  }
  for (const { id, region } of instances) {
    if (!/^kst-[a-z0-9]+$/.test(id)) {
      throw new TypeError(`${JSON.stringify(id)} is not an instance id: expected an id such as kst-hzz123.`);
    }
    if (!regions.includes(region)) {
      throw new TypeError(
        `The instance ${id} is in ${region}, which is not one of the regions: ${regions.join(', ')}.`,
      );
    }
  }
}

function validatePort(port: number | undefined, endpointCount: number): void {
  if (port === undefined) return;
  if (!Number.isInteger(port) || port < 0 || port + endpointCount > 65_536) {
    throw new TypeError(
      'The port of a fake KMS must be a whole number from 0 to 65535, and so must the ports of its further regions and instances.',
    );
  }
}

function validateStsPort({ port = 0, stsPort }: FakeKmsOptions, endpointCount: number): void {
  if (stsPort === undefined || stsPort === 0) return;
  if (!Number.isInteger(stsPort) || stsPort < 0 || stsPort > 65_535) {
    throw new TypeError('The stsPort of a fake KMS must be a whole number from 0 to 65535.');
  }
  const lastPort = port + endpointCount - 1;
  if (port !== 0 && stsPort >= port && stsPort <= lastPort) {
    throw new TypeError(
      `The stsPort ${stsPort} is a port of a region or instance: they have the ports ${port} to ${lastPort}.`,
    );
  }
}
