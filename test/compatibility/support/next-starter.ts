import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerCommand } from '../../next/next-process.ts';
import { fileIn, readmeFile } from './readme.ts';
import { deleteFiles, usersProject } from './users-project.ts';
import type { UsersProject } from './users-project.ts';

const fixtures = join(import.meta.dirname, '../fixtures/nextjs');

export type Router = 'App Router' | 'Pages Router';
export type Bundler = 'Turbopack' | 'webpack';

/** A release of `create-next-app`: the app that it generates has this version of Next. */
export interface NextRelease {
  readonly major: 15 | 16;
  readonly starter: string;
}

/** What `next build` made for `output: 'standalone'`, outside of the project. */
export interface StandaloneApp extends AsyncDisposable {
  readonly directory: string;
  /** What `next build` printed. */
  readonly output: string;
}

/** In place of the ranges of the generated manifest. Next itself and React are pinned there. */
const pinnedRanges: Readonly<Record<string, string>> = {
  typescript: '5.9.3',
  '@types/node': '20.19.43',
  '@types/react': '19.3.1',
  '@types/react-dom': '19.3.0',
};

/** What Next's documentation says to install for unit tests. */
export const testRunners = {
  jest: '30.5.2',
  'jest-environment-jsdom': '30.5.2',
  vitest: '4.1.12',
  '@vitejs/plugin-react': '6.3.0',
};

export const nextEnvironment: Readonly<Record<string, string>> = {
  NEXT_TELEMETRY_DISABLED: '1',
  CI: '1',
  // The generated layout has fonts of Google, which a build downloads.
  NEXT_FONT_GOOGLE_MOCKED_RESPONSES: join(fixtures, 'google-fonts.cjs'),
};

/**
 * The apps that `create-next-app` generates, installed once. The project contains one of them at a time, with the code of
 * the README of @kms-secrets/next.
 */
export class NextStarter {
  readonly project: UsersProject;
  readonly #release: NextRelease;
  readonly #generated: Readonly<Record<Router, string>>;

  private constructor(project: UsersProject, release: NextRelease, generated: Readonly<Record<Router, string>>) {
    this.project = project;
    this.#release = release;
    this.#generated = generated;
  }

  static async install(release: NextRelease): Promise<NextStarter> {
    const generator = await usersProject(`create-next-app-${release.major}`, {
      packages: [],
      dependencies: { 'create-next-app': release.starter },
    });
    const generated = {
      'App Router': await generate(generator, 'app', ['--app']),
      'Pages Router': await generate(generator, 'pages', ['--no-app']),
    };
    const manifest = await manifestOf(generated['App Router']);
    const pinned = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).map(
      ([name, version]) => [name, pinnedRanges[name] ?? version] as const,
    );
    const project = await usersProject(`next-${release.major}`, {
      packages: ['next', 'testing'],
      dependencies: { ...Object.fromEntries(pinned), ...testRunners },
    });
    return new NextStarter(project, release, generated);
  }

  /** Replaces the app of the project by a generated one, with the code of the README pasted in. */
  async open(router: Router): Promise<void> {
    const { directory } = this.project;
    await deleteFiles(directory);
    await cp(this.#generated[router], directory, {
      recursive: true,
      filter: (source) => source !== join(this.#generated[router], 'package.json'),
    });
    await cp(join(fixtures, 'both'), directory, { recursive: true });
    await this.#paste('instrumentation.ts');
    await this.#paste('pages/orders.tsx', {
      before: importOrders,
      after:
        'export default function Page({ orders }: { orders: readonly string[] }) { return <OrderList orders={orders} />; }',
    });
    if (router === 'App Router') {
      await cp(join(fixtures, 'app'), directory, { recursive: true });
      await this.#paste('app/page.tsx', { before: importOrders });
      // After the block: it begins with a directive.
      await this.#paste('app/actions.ts', { after: "import { saveOrder } from '@/lib/orders';\n" });
    }
    await this.#configure();
  }

  /** Adds unit tests to the app: the test of the README, and those of fixtures/nextjs/unit-tests. */
  async addUnitTests(): Promise<void> {
    await cp(join(fixtures, 'unit-tests'), this.project.directory, { recursive: true });
    await this.project.write('jest.config.mjs', fileIn('docs/testing-your-app.md', 'jest.config.mjs'));
    const test = readmeFile('next', 'app/orders/route.test.ts');
    // The README's block has this import as a comment, because the block is compiled without the route.
    await this.project.write('app/orders/route.test.ts', test.replace('// and: ', ''));
  }

  /** Runs `next build`, and moves the result out of the project. */
  async build(bundler: Bundler): Promise<StandaloneApp> {
    const built = join(this.project.directory, '.next');
    await rm(built, { recursive: true, force: true });
    const { output } = await this.project.run('node_modules/.bin/next', ['build', ...this.#flagsOf(bundler)], {
      env: nextEnvironment,
      timeout: 600_000,
    });
    const directory = await mkdtemp(join(tmpdir(), 'next-standalone-'));
    await cp(join(built, 'standalone'), directory, { recursive: true });
    // As Next's documentation says: the server serves these files only if they are copied.
    await cp(join(built, 'static'), join(directory, '.next/static'), { recursive: true });
    await cp(join(this.project.directory, 'public'), join(directory, 'public'), { recursive: true });
    return {
      directory,
      output,
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    };
  }

  /** Each major version has another default. */
  #flagsOf(bundler: Bundler): readonly string[] {
    if (this.#release.major === 15) return bundler === 'Turbopack' ? ['--turbopack'] : [];
    return bundler === 'webpack' ? ['--webpack'] : [];
  }

  /** What `npm run dev` of the generated app runs. */
  get devCommand(): ServerCommand {
    return this.#release.major === 15 ? 'dev --turbopack' : 'dev';
  }

  /** Writes the block of the README whose first line is a comment with this path. */
  async #paste(path: string, { before = '', after = '' } = {}): Promise<void> {
    await this.project.write(path, `${before}${readmeFile('next', path)}${after}`);
  }

  /** As the README says: `withKmsSecrets`, around the settings that `create-next-app` generated. */
  async #configure(): Promise<void> {
    const generated = await readFile(join(this.project.directory, 'next.config.ts'), 'utf8');
    const [imports = ''] = readmeFile('next', 'next.config.ts').match(/^import .*$/mu) ?? [];
    const settings = generated
      .replace('/* config options here */', "output: 'standalone',")
      .replace('export default nextConfig;', 'export default withKmsSecrets(nextConfig);');
    await this.project.write('next.config.ts', `${imports}\n${settings}`);
  }
}

const importOrders = `import { ordersOf } from '@/lib/orders';
import { OrderList } from '@/components/order-list';
`;

/** Runs `create-next-app` with its defaults, but without ESLint and Tailwind. */
async function generate(generator: UsersProject, name: string, options: readonly string[]): Promise<string> {
  const lean = ['--yes', '--no-eslint', '--no-tailwind', '--use-npm', '--skip-install', '--disable-git'];
  await generator.run('node_modules/.bin/create-next-app', [name, ...lean, ...options], { env: nextEnvironment });
  return join(generator.directory, name);
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

async function manifestOf(directory: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest; // as create-next-app writes it
}
