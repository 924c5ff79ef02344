// @ts-check
// The official clients that can be measured. Nothing is installed here: a bench that downloads packages would not be repeatable.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const pathOf = (/** @type {string} */ relative) => fileURLToPath(new URL(relative, import.meta.url));

/**
 * `prepare` returns the command to run, or the reason why there is none. `needs` is what to install.
 * @typedef {readonly [file: string, ...args: string[]]} Command
 * @typedef {{ name: string; needs: string; prepare: (log: (progress: string) => void) => Promise<Command | string> }} OfficialClient
 */

/** @type {readonly OfficialClient[]} */
export const officialClients = [
  {
    name: 'Python: alibabacloud-secretsmanager-client-v2 2.0.0',
    needs: 'python3, with `pip install alibabacloud-secretsmanager-client-v2==2.0.0` in the first python3 of PATH',
    async prepare() {
      const script = "from importlib.metadata import version; print(version('alibabacloud-secretsmanager-client-v2'))";
      const found = await attempt('python3', ['-c', script]);
      if (found.error !== undefined) return found.error;
      if (found.stdout.trim() !== '2.0.0') return `Version ${found.stdout.trim()} is installed.`;
      return ['python3', pathOf('client.py')];
    },
  },
  {
    // v2 is not measured: `go get` could not fetch github.com/aliyun/alibabacloud-secretsmanager-client-go-v2.
    name: 'Go: aliyun-secretsmanager-client-go v1.1.5',
    needs:
      'Go 1.21 or later, with github.com/aliyun/aliyun-secretsmanager-client-go v1.1.5 in the module cache: ' +
      '`cd test/bench/official/go && go mod download`',
    async prepare(log) {
      const program = pathOf('../out/official-go');
      await mkdir(pathOf('../out'), { recursive: true });
      log('building the program for Go');
      const options = { cwd: pathOf('go'), env: { ...process.env, GOPROXY: 'off' } };
      const { error } = await attempt('go', ['build', '-mod=readonly', '-o', program, '.'], options);
      return error ?? [program];
    },
  },
  {
    name: 'Java: com.aliyun:alibabacloud-secretsmanager-client-v2:2.0.0',
    needs:
      'JDK 8 or later, Maven, the artifact com.aliyun:alibabacloud-secretsmanager-client-v2:2.0.0, and a program in ' +
      'test/bench/official with the protocol of the others',
    async prepare() {
      return 'This bench has no program for it.';
    },
  },
];

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import('node:child_process').ExecFileOptions} [options]
 * @returns {Promise<{ stdout: string; error?: string }>}
 */
async function attempt(file, args, options = {}) {
  try {
    const { stdout } = await execute(file, args, { ...options, encoding: 'utf8' });
    return { stdout };
  } catch (error) {
    const { code, stderr } = /** @type {{ code?: unknown; stderr?: string }} */ (error);
    const reason = code === 'ENOENT' ? 'not found' : (stderr ?? '').trim().split('\n').at(-1);
    return { stdout: '', error: `${file}: ${reason}.` };
  }
}
