// @ts-check
// The Chinese texts of docs/zh/compatibility.md.

const esbuildWithoutBanner =
  'access keys and client keys work; reads with a role fail with `Dynamic require of "…" is not supported`: add the banner of the README';

/** @type {import('../print-translation.mjs').Translation} */
export const compatibility = {
  texts: {
    Compatibility: '兼容性：Node.js、框架、打包工具与运行环境',
    'Node.js': 'Node.js',
    TypeScript: 'TypeScript',
    'Test runners': '测试框架',
    Bundlers: '打包工具',
    'Next.js': 'Next.js',
    NestJS: 'NestJS',
    Egg: 'Egg',
    Koa: 'Koa',
    Hono: 'Hono',
    Midway: 'Midway',
    'Koa and Hono': 'Koa 和 Hono',
    Tracing: '链路追踪',
    'Operating environment': '运行环境',
    setting: '环境',
    versions: '版本',
    result: '结果',
    works: '可用',
    'refused: the build fails with the reason and what to do': '拒绝：构建失败，并给出原因和处理方法',
    'refused: `secrets()` throws with the reason and what to do': '拒绝：`secrets()` 抛出错误，并给出原因和处理方法',
    'works; reported, not promised': '可用；仅报告结果，不作承诺',
    'fails with `ERR_REQUIRE_ESM` and what to do: use `import`, `await import()` or a bundle, or update to 20.19':
      '失败，`ERR_REQUIRE_ESM`，并给出处理方法：使用 `import`、`await import()` 或打包，或升级到 20.19',
    'works; TypeScript 6 needs `ignoreDeprecations: "6.0"`, TypeScript 7 has no `node10`':
      '可用；TypeScript 6 需要 `ignoreDeprecations: "6.0"`，TypeScript 7 没有 `node10`',
    'works with the banner of the README': '加上 README 中的 banner 可用',
    [esbuildWithoutBanner]:
      'AccessKey 和 ClientKey 可用；使用角色的读取失败，`Dynamic require of "…" is not supported`：加上 README 中的 banner',
    'requests wait for KMS; after `readyTimeout` (30 s) the server exits with code 1':
      '请求等待 KMS；`readyTimeout`（30 秒）之后服务器以退出码 1 退出',
    'set `transformIgnorePatterns`; in jsdom, begin the test with `@jest-environment node`':
      '设置 `transformIgnorePatterns`；使用 jsdom 时，在测试开头写 `@jest-environment node`',
    "the SDK's URLs contain access key ID and security token: set `redactedQueryParams`, see the README":
      'SDK 的 URL 含有 AccessKey ID 和安全令牌：设置 `redactedQueryParams`，见 README',
    "the SDK's URLs contain the signature of the request: set `urlQueryParams`, see the README":
      'SDK 的 URL 含有请求签名：设置 `urlQueryParams`，见 README',
    'works; Sentry drops requests without a parent span: create the client in `Sentry.startSpan` to see them':
      '可用；Sentry 会丢弃没有父 span 的请求：要看到这些请求，在 `Sentry.startSpan` 中创建客户端',
    'works; a file store is skipped with `store` events': '可用；跳过文件存储，并发出 `store` 事件',
    'works; name the configuration file in `KMS_SECRETS_CONFIG_FILE`, or set everything in code':
      '可用；用 `KMS_SECRETS_CONFIG_FILE` 指定配置文件，或全部在代码中设置',
    '32 open files (ulimit -n 32)': '最多打开 32 个文件（ulimit -n 32）',
    'a read-only root file system': '只读的根文件系统',
    'a user that may not enter the working directory': '用户无权进入工作目录',
    'IPv6 only': '仅 IPv6',
    'no HOME and no TMPDIR': '没有 HOME 和 TMPDIR',
  },
  patterns: [
    [
      /^Each row is a test with the packed packages, .* This file is written by (`[^`]*`) \(\[how\]\(([^)]*)\)\); a run with other results fails\.$/u,
      '每一行都是一个测试，使用打包后的软件包，安装在本工作区之外的项目中。「可用」表示：用 `secretsmanager.properties` 从模拟 KMS 读取凭据，能感知轮转，并且无权读取另一个凭据；有两个例外：测试框架运行的是 README 中的测试；TypeScript 的每个版本都编译一个程序，凡是 Node.js 能加载的都会运行。结果由 $1 写入（[说明]($2)）；运行结果不同时测试失败。',
    ],
    [/^works with (`[^`]*`) and the flags in the README of core$/u, '加上 $1 和 core 的 README 中的参数可用'],
    [/^(https_proxy|HTTPS_PROXY), a proxy with an (IPv\d) address$/u, '$1，$2 地址的代理'],
    [/^Node\.js's permission model, (.*)$/u, 'Node.js 权限模型，$1'],
    [/^(.*), KMS unavailable during the start$/u, '$1，启动时 KMS 不可用'],
    [/^unit tests of (Next \d+), (.*)$/u, '$1 的单元测试，$2'],
    [/^(Jest.*); installed with (npm|pnpm)$/u, '$1；用 $2 安装'],
    [/^(Nest \d+): (.*), scheduled job$/u, '$1：$2、定时任务'],
    [/^(Nest \d+): hybrid application$/u, '$1：混合应用'],
    [/^(Nest \d+): microservice \((\w+)\)$/u, '$1：微服务（$2）'],
    [/^(Nest \d+): WebSocket gateway with (.*)$/u, '$1：WebSocket 网关，$2'],
    [/^(Nest \d+): npm test and (.*)$/u, '$1：npm test 和 $2'],
    [/^(Nest \d+): (.*)$/u, '$1：$2'],
    [/^(Egg \d+): npm init egg, (\d+) workers$/u, '$1：npm init egg，$2 个 worker'],
    [/^(Midway \d+): starter on Koa$/u, '$1：Koa 脚手架项目'],
    [/^create-hono, template (\w+)$/u, 'create-hono，模板 $1'],
    [/^Hono, an edge runtime$/u, 'Hono：边缘运行时'],
    [/^Hono, (.*)$/u, 'Hono：$1'],
    [/^(OpenTelemetry) for (Node\.js \d+), (.*)$/u, '$1，用于 $2，$3'],
    [/^(OpenTelemetry), in a CommonJS bundle$/u, '$1，CommonJS 打包后'],
    [/^(Datadog \d+), without an agent$/u, '$1，没有 agent'],
    [/^(esbuild, ESM), without a banner$/u, '$1，没有 banner'],
    [/^(Node\.js [\d.]+), a bundle$/u, '$1，打包后'],
  ],
  verbatim: ['setting', 'versions'],
};
