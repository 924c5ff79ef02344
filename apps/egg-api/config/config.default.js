// @ts-check
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = join(tmpdir(), 'egg-api');

export default {
  keys: 'egg-api', // signs cookies, which this service does not have
  middleware: ['responses'],
  rundir: join(folder, 'run'),
  logger: { dir: join(folder, 'logs'), consoleLevel: 'WARN' },
  bodyParser: { enable: false },
  siteFile: { enable: false },

  // Endpoints, credentials and names come from secretsmanager.properties in the working directory, or from the environment.
  kmsSecrets: {},
};
