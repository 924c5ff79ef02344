import type { FakeKms } from '../fake-kms.ts';
import { parseFault, parseFaultScope } from '../faults/parse-fault.ts';
import { credentialRoutes } from './credential-routes.ts';
import { parsePut } from './parse-put.ts';
import { withoutFields, withString } from './route-helpers.ts';
import type { Route } from './route-helpers.ts';

/** `METHOD /path` -> route. The paths are named after the methods of `FakeKms`. */
export const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['GET /requests', (kms) => kms.requests],
  ['GET /counts', counts],
  [
    'POST /put',
    (kms, fields) => {
      const name = fields.string('name');
      const { value, options } = parsePut(fields);
      fields.rejectUnknown();
      return { versionId: kms.put(name, value, options) };
    },
  ],
  [
    'POST /rotate',
    async (kms, fields) => {
      const name = fields.string('name');
      const value = fields.optionalText('value');
      fields.rejectUnknown();
      return { versionId: await kms.rotateManaged(name, value === undefined ? {} : { value }) };
    },
  ],
  ['POST /deny', withString('name', (kms, name) => kms.deny(name))],
  ['POST /allow', withString('name', (kms, name) => kms.allow(name))],
  ['POST /disable', withString('name', (kms, name) => kms.disable(name))],
  ['POST /enable', withString('name', (kms, name) => kms.enable(name))],
  ['POST /remove', withString('name', (kms, name) => kms.remove(name))],
  [
    'POST /fault',
    (kms, fields) => {
      const fault = parseFault(fields);
      const scope = parseFaultScope(fields);
      fields.rejectUnknown();
      kms.fault(fault, scope);
    },
  ],
  [
    'POST /heal',
    (kms, fields) => {
      const region = fields.optionalString('region');
      fields.rejectUnknown();
      kms.heal(region);
    },
  ],
  ['POST /stop', withString('region', (kms, region) => kms.stop(region))],
  ['POST /start', withString('region', (kms, region) => kms.start(region))],
  ['POST /clear-requests', withoutFields((kms) => kms.clearRequests())],
  [
    'POST /clock/pass',
    (kms, fields) => {
      const ms = fields.number('ms');
      fields.rejectUnknown();
      kms.clock.pass(ms);
      return { date: kms.clock.date() };
    },
  ],
  ...credentialRoutes,
]);

function counts({ openRequests, handshakes, badCertificateRequests }: FakeKms): unknown {
  return { openRequests, handshakes, badCertificateRequests };
}
