import type { FakeKms } from '../fake-kms.ts';
import type { JsonFields } from './json-fields.ts';
import { readFault, readScope } from './read-fault.ts';
import { readPut } from './read-put.ts';

/** What a route does with the fields of the body; what it returns is the answer. */
export type Route = (kms: FakeKms, fields: JsonFields) => unknown;

/** `METHOD /path` -> what it does. The paths are the names of FakeKms's methods. */
export const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['GET /requests', (kms) => kms.requests],
  ['GET /counts', counts],
  [
    'POST /put',
    (kms, fields) => {
      const name = fields.text('name');
      const { value, options } = readPut(fields);
      fields.end();
      return { versionId: kms.put(name, value, options) };
    },
  ],
  [
    'POST /rotate',
    (kms, fields) => {
      const name = fields.text('name');
      const value = fields.optionalText('value');
      fields.end();
      return { versionId: kms.rotate(name, value === undefined ? {} : { value }) };
    },
  ],
  ['POST /deny', byName((kms, name) => kms.deny(name))],
  ['POST /allow', byName((kms, name) => kms.allow(name))],
  ['POST /disable', byName((kms, name) => kms.disable(name))],
  ['POST /enable', byName((kms, name) => kms.enable(name))],
  ['POST /remove', byName((kms, name) => kms.remove(name))],
  [
    'POST /fault',
    (kms, fields) => {
      const fault = readFault(fields);
      const scope = readScope(fields);
      fields.end();
      kms.fault(fault, scope);
    },
  ],
  [
    'POST /heal',
    (kms, fields) => {
      const region = fields.optionalText('region');
      fields.end();
      kms.heal(region);
    },
  ],
  ['POST /stop', byRegion((kms, region) => kms.stop(region))],
  ['POST /start', byRegion((kms, region) => kms.start(region))],
  ['POST /clear-requests', clearRequests],
  [
    'POST /clock/pass',
    (kms, fields) => {
      const ms = fields.number('ms');
      fields.end();
      kms.clock.pass(ms);
      return { date: kms.clock.date() };
    },
  ],
]);

function counts({ openRequests, handshakes, badCertificateRequests }: FakeKms): unknown {
  return { openRequests, handshakes, badCertificateRequests };
}

function clearRequests(kms: FakeKms, fields: JsonFields): void {
  fields.end();
  kms.clearRequests();
}

function byName(act: (kms: FakeKms, name: string) => void): Route {
  return (kms, fields) => {
    const name = fields.text('name');
    fields.end();
    act(kms, name);
  };
}

function byRegion(act: (kms: FakeKms, region: string) => Promise<void>): Route {
  return async (kms, fields) => {
    const region = fields.text('region');
    fields.end();
    await act(kms, region);
  };
}
