// The order and the names of the pages in the navigation, llms.txt and llms-full.txt. A page is a path in docs/ without `.md`;
// its translation has the same path in docs/zh/.

/** A text in the languages of the site. */
export interface Text {
  readonly en: string;
  readonly zh: string;
}

export interface Page {
  readonly path: string;
  readonly title: Text;
}

export interface Section {
  readonly title: Text;
  readonly pages: readonly Page[];
  /** Its pages are closed in the sidebar until a reader opens it. */
  readonly isCollapsed?: boolean;
}

const page = (path: string, en: string, zh: string): Page => ({ path, title: { en, zh } });

/** The guides of the frameworks: the links of the framework switch. */
export const frameworks: readonly Page[] = [
  page('start/node', 'Node.js', 'Node.js'),
  page('start/express', 'Express', 'Express'),
  page('start/fastify', 'Fastify', 'Fastify'),
  page('start/nestjs', 'NestJS', 'NestJS'),
  page('start/nextjs', 'Next.js', 'Next.js'),
  page('start/koa', 'Koa', 'Koa'),
  page('start/hono', 'Hono', 'Hono'),
  page('start/midway', 'Midway', 'Midway'),
  page('start/egg', 'Egg', 'Egg'),
];

/** The sections that are written by hand. */
export const sections: readonly Section[] = [
  {
    title: { en: 'Start', zh: '快速开始' },
    pages: [
      page('start/index', 'Get started', '快速开始'),
      page('alibaba-cloud', 'Set up Alibaba Cloud', '阿里云控制台配置'),
      ...frameworks,
    ],
  },
  {
    title: { en: 'Guides', zh: '指南' },
    pages: [
      page('rotation', 'Rotation', '凭据轮转'),
      page('migrating', 'Moving from Java, Go or Python', '从 Java / Go / Python 迁移'),
      page('which-way', 'Kubernetes: which way', 'Kubernetes：选哪种方式'),
      page('kubernetes', 'Kubernetes and RRSA', 'Kubernetes 与 RRSA'),
      page('function-compute', 'Function Compute', '函数计算 FC'),
      page('fleets', 'Fleets', '大规模部署'),
      page('local-development', 'Local development', '本地开发'),
      page('testing-your-app', 'Testing your app', '测试你的应用'),
      page('extending', 'Extending the client', '扩展客户端'),
      page('writing-an-adapter', 'Writing an adapter', '编写适配器'),
    ],
  },
  {
    title: { en: 'Reference', zh: '参考' },
    pages: [
      page('configuration', 'Configuration', '配置项'),
      page('behaviour', 'Behaviour', '行为说明'),
      page('errors', 'Errors', '错误码'),
      page('secret-lifecycle', 'The life of a secret', '凭据的生命周期'),
      page('compatibility', 'Compatibility', '兼容性'),
      page('store-format', 'Store format', '存储格式'),
      page('api/index', 'API', 'API'),
    ],
  },
  {
    title: { en: 'Operations', zh: '运维' },
    pages: [
      page('operations', 'Operations', '运维手册'),
      page('faults', 'Faults of KMS', 'KMS 故障'),
      page('sizing', 'Sizing and cost', '容量与成本'),
      page('security-model', 'Security model', '安全模型'),
    ],
  },
  {
    title: { en: 'Project', zh: '项目' },
    pages: [
      page('against-peers', 'Comparison', '方案对比'),
      page('architecture', 'Architecture', '架构'),
      page('conformance', 'Conformance', '一致性测试'),
      page('VERSIONING', 'Versions', '版本策略'),
    ],
  },
];

/** Whether a page is written in English only. The build of the site writes Chinese pages that lead to it. */
export const isEnglishOnly = (path: string): boolean => path.startsWith('api/');

/** Pages of the lists above that are not written yet: links to them are no error. This list may only become shorter. */
export const unwritten: readonly string[] = [];
