import type { FakeKms } from '../fake-kms.ts';
import { readFault, readScope } from '../faults/parse-fault.ts';
import { readPut } from './parse-put.ts';
import { bare, byText } from './route-helpers.ts';
import type { Route } from './route-helpers.ts';
import { sideRoutes } from './credential-routes.ts';

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
  ['POST /deny', byText('name', (kms, name) => kms.deny(name))],
  ['POST /allow', byText('name', (kms, name) => kms.allow(name))],
  ['POST /disable', byText('name', (kms, name) => kms.disable(name))],
  ['POST /enable', byText('name', (kms, name) => kms.enable(name))],
  ['POST /remove', byText('name', (kms, name) => kms.remove(name))],
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
  ['POST /stop', byText('region', (kms, region) => kms.stop(region))],
  ['POST /start', byText('region', (kms, region) => kms.start(region))],
  ['POST /clear-requests', bare((kms) => kms.clearRequests())],
  [
    'POST /clock/pass',
    (kms, fields) => {
      const ms = fields.number('ms');
      fields.end();
      kms.clock.pass(ms);
      return { date: kms.clock.date() };
    },
  ],
  ...sideRoutes,
]);

function counts({ openRequests, handshakes, badCertificateRequests }: FakeKms): unknown {
  return { openRequests, handshakes, badCertificateRequests };
}
