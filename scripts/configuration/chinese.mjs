// @ts-check
// The Chinese text of docs/zh/configuration.md: the meaning of each option, by its path.

/** @type {Readonly<Record<string, Readonly<Record<string, string>>>>} */
const meanings = {
  client: {
    credentials:
      '签名请求所用的身份：带 `type` 的对象、访问密钥、`@alicloud/credentials` 的凭证提供者，或返回访问密钥的函数。不设置时使用默认凭据链。',
    endpoints:
      'KMS 接入点列表，按优先顺序排列，第一个是主接入点。每一项可以是地域 ID、域名，或包含 `regionId`、`vpc`、`endpoint`、`caFilePath`、`ca`、`ignoreSslCerts` 的对象。带 `clientKeyFile` 的是 KMS 实例。',
    configFile:
      '配置文件路径，格式与 `secretsmanager.properties` 相同。不设置时，读取工作目录下的同名文件（如果存在）。',
    precedence:
      '多个来源设置了同一选项时以谁为准。`code`：代码、环境变量、配置文件。`official`：环境变量、配置文件、代码。`code-only`：不读取环境变量和配置文件。',
    stage: '读取时没有指定版本状态，就读取这个版本状态。',
    ttl: '凭据获取后的有效时长。`secrets` 中设置的 TTL 和凭据内容里的 TTL 优先。',
    refresh: '何时刷新凭据。',
    'refresh.ttlProperty': 'JSON 凭据中存放自身 TTL（毫秒）的属性名。`false` 表示忽略这类属性。',
    'refresh.ttlOf':
      '自定义凭据的 TTL，单位毫秒，1 秒到 365 天；返回 `undefined` 表示使用默认规则。优先于 `ttlProperty`、`secrets` 和 `ttl`。',
    'refresh.nextRefresh':
      '自定义下次刷新时间，自 1970 年起的毫秒数；返回 `undefined` 表示使用默认规则。最早 1 秒后刷新，最迟 TTL 到期时刷新。',
    staleIfError: 'KMS 不可用时，TTL 到期后还能继续返回旧值多久。`0` 表示不返回旧值。',
    negativeTtl:
      '重试也不会改变结果的错误缓存多久，例如凭据不存在、无权限、证书不受信任、`hook.transform` 拒绝了该版本。',
    idleTtl:
      '凭据多久未被读取就淘汰。到下次刷新时不再刷新，而是从内存中移除。`0` 表示从不淘汰。有句柄、有按名称注册的监听器或在 `preload` 中的凭据，不会因未被读取而淘汰。',
    deadline: '一次读取的最长时间。',
    staleDeadline: '已有旧值可用时，一次读取最多等 KMS 多久，超过就返回旧值。',
    attemptTimeout: '对一个接入点的一次尝试最长多久。',
    connectTimeout: '连接一个接入点的最长时间，包括 DNS、TCP 和 TLS。',
    retry: '失败后的重试。',
    'retry.maxAttempts': '每次获取对每个接入点最多尝试几次，包括第一次。',
    'retry.baseDelay': '第二次尝试前的最长等待，之后每次翻倍。实际等待是 0 到该值之间的随机数（全抖动，full jitter）。',
    'retry.maxDelay': '两次尝试之间的最长等待。',
    'retry.backoff':
      '自定义退避：返回第 `attempt` 次尝试（从 1 起）失败后的等待毫秒数，最大 60000；返回 `undefined` 表示不再尝试。`maxAttempts` 仍然生效，`baseDelay` 和 `maxDelay` 不再生效。',
    'retry.classify':
      '自定义失败分类，例如按 `failure.code` 中的 KMS 错误码：返回 `retry`、`failover`、`serveStale` 中与默认规则不同的几项，`undefined` 表示不改。无论返回什么，无权限、已禁用或不存在的凭据都不会返回给调用方，身份被拒也不会丢弃凭据。',
    hedge: '对冲请求：请求变慢时，向下一个接入点再发一份，先到的响应有效。`false` 表示关闭。',
    'hedge.delay': '等待一个接入点多久之后，并行请求下一个接入点。',
    'hedge.share': '对冲请求占获取次数的最大比例。允许突发，最多十个。',
    breaker: '熔断器：接入点持续失败时跳过它，直到探测成功。`false` 表示关闭。',
    'breaker.failures': '连续失败几次后打开熔断器。',
    'breaker.failureRate': '`window` 内失败请求达到这个比例时打开熔断器，至少要有 20 个请求。',
    'breaker.window': '统计 `failureRate` 的时间窗口。',
    'breaker.openTime': '熔断器打开多久后放行一次探测。每次探测失败后翻倍。',
    'breaker.maxOpenTime': '到下一次探测为止，熔断器最长打开多久。',
    limits: '客户端内存占用和 KMS 请求量的上限。',
    'limits.maxEntries': '内存中最多保存多少个凭据。超出时先淘汰最久未读取的，已固定的最后淘汰。',
    'limits.maxPinned':
      '句柄、监听器和 `preload()` 最多让多少个凭据保持有效，选项 `preload` 中的不计入。超出后，新的句柄和监听器仍可使用，但不再让凭据保持有效，并记录一条警告日志。',
    'limits.requestsPerSecond':
      '每个接入点的请求速率上限。KMS 的配额是每个账号每个地域每秒 450 次读取，由所有进程共享。突发可达该值的两倍，所以默认值能让单个进程不超出配额。有多个进程时，用配额除以进程数。',
    'limits.concurrentRequests':
      '每个接入点的并发请求上限，其余请求排队：先发已知凭据的读取，再发新凭据的读取和刷新。新凭据的请求给已知凭据留出八分之一。150 毫秒内最多发出 64 个请求；上限的四分之一大于 64 时，以四分之一为准。',
    stores:
      '重启后凭据从哪里恢复：一个存储，或按读取顺序排列的多个存储，例如磁盘文件和多个进程共享的 Redis。客户端关闭时一并关闭。',
    storeTimeout: '一次存储操作的最长时间。只有凭据的首次读取会等待存储。',
    preload: '`ready()` 要等待的凭据名称。客户端关闭前，这些凭据一直保持有效。',
    readyTimeout: '`ready()` 的最长时间。',
    secrets: '单个凭据的选项，按凭据名称设置。',
    hook: '获取凭据时客户端调用的函数。',
    logger: '接收客户端的日志。任何日志都不包含凭据值。',
    clock: '时间和随机数的来源。测试时传入模拟时钟。',
  },
  secret: {
    ttl: '该凭据获取后的有效时长。',
    optional: '没有该凭据时 `ready()` 是否也能完成。',
  },
  read: {
    stage: '要读取的版本状态，例如 `ACSPrevious`。',
    versionId: '要读取的版本号。',
    signal: '中止本次读取：抛出 signal 的 reason。获取本身继续，供其他读取方使用。',
  },
};

/** @type {Readonly<Record<string, keyof typeof meanings>>} */
const tables = { SecretOptions: 'secret', ReadOptions: 'read' };

/** What parsers expect, and defaults that are words. @type {Readonly<Record<string, string>>} */
const phrases = {
  'an object with a type, an access key, a provider with getCredential(), or a function that returns an access key':
    '带 type 的对象、访问密钥、带 getCredential() 的提供者，或返回访问密钥的函数',
  'a list with at least one endpoint': '至少有一个接入点的列表',
  'the path of a file': '文件路径',
  'the name of a version stage': '版本状态名称',
  'the name of a property, or false': '属性名，或 false',
  'a function': '函数',
  'a number above 0, up to 1': '大于 0、不超过 1 的数',
  'a store, or a list of stores': '一个存储，或存储列表',
  'a list of secret names': '凭据名称列表',
  'an object of secret names, each with an object of options': '以凭据名称为键、以选项对象为值的对象',
  'true or false': 'true 或 false',
  'the id of a version': '版本号',
  'an AbortSignal': 'AbortSignal',
  none: '无',
  on: '开启',
  silent: '不输出',
  'the default chain': '默认凭据链',
  'the system clock': '系统时钟',
  'three TTLs of the secret': '该凭据 TTL 的三倍',
  "the endpoint's p95 latency, between 50ms and 1s": '该接入点的 p95 延迟，最小 50ms，最大 1s',
  "the client's `ttl`": '客户端的 `ttl`',
  "the client's `stage`": '客户端的 `stage`',
};

/** @type {ReadonlyArray<readonly [RegExp, string]>} */
const patterns = [
  [/^a duration from (\S+) to (\S+), such as (\S+)$/u, '时长，$1 到 $2，例如 $3'],
  [/^a whole number from (\S+) to (\S+)$/u, '整数，$1 到 $2'],
  [/^an object with at least one of (.+)$/u, '至少包含其中一项的对象：$1'],
  [/^an object with (.+)$/u, '包含 $1 的对象'],
  [/^false, or an object with (.+)$/u, 'false，或包含 $1 的对象'],
];

/** @param {string} text */
function translate(text) {
  const phrase = phrases[text];
  if (phrase !== undefined) return phrase;
  const [pattern, translation] = patterns.find(([each]) => each.test(text)) ?? [];
  if (pattern !== undefined && translation !== undefined)
    return text.replace(pattern, translation).replaceAll(', ', '、');
  if (/^(?:"[\w-]+"(?: or "[\w-]+")*|[\d.]+\w*|false|)$/u.test(text))
    return text.replaceAll(/ or (?=.* or )/gu, '、').replaceAll(' or ', ' 或 ');
  throw new Error(`scripts/configuration/chinese.mjs has no translation of "${text}"`);
}

/** @param {import('../print-configuration.mjs').Option} option */
function meaningOf({ type, path }) {
  const meaning = meanings[tables[type] ?? 'client']?.[path];
  if (meaning === undefined) throw new Error(`scripts/configuration/chinese.mjs has no text for the option ${path}`);
  return meaning;
}

/** @type {import('../print-configuration.mjs').Prose} */
export const chinese = {
  title: '# 阿里云 KMS 凭据客户端配置（Node.js） {#configuration}',
  introduction: [
    '时长可以写成毫秒数，也可以带单位：`500ms`、`90s`、`15m`、`24h`、`7d`。',
    '',
    '优先级：代码中的选项高于环境变量，环境变量高于配置文件。下表的每个变量也可以写进配置文件，键名相同。选项组（例如 `retry`）的成员逐个取值：可以在代码里设置 `retry.maxAttempts`，在环境变量里设置 `retry.maxDelay`。在代码里，`hedge: false` 关闭一组，传对象则开启；环境变量用 `false` 或 `true` 开关，例如 `KMS_SECRETS_HEDGE=false`。',
  ],
  headings: {
    options: '## `createSecretClient(options)` {#createsecretclientoptions}',
    secret: '## 单个凭据：`secrets: { name: options }` {#one-secret-secrets--name-options-}',
    read: '## 单次读取：`client.get(name, options)` {#one-read-clientgetname-options}',
  },
  columns: { option: '选项', default: '默认值', variable: '环境变量', meaning: '说明' },
  meaning: (option, expected) => `${meaningOf(option)}取值：${translate(expected)}。`,
  shown: translate,
  identities: [
    '## 身份：`credentials: { type, … }` {#identities-credentials--type--}',
    '',
    '在代码里，`credentials` 可以是下表中的一种，也可以是不带 `type` 的访问密钥、`@alicloud/credentials` 的提供者或客户端，或任何带 `getCredential()` 的对象。',
    '',
    '| 类型 | 必填 | 可选 |',
    '| --- | --- | --- |',
    '| `ak` | `accessKeyId`、`accessKeySecret` | |',
    '| `sts` | `accessKeyId`、`accessKeySecret`、`securityToken` | |',
    '| `ram_role` | `accessKeyId`、`accessKeySecret`、`roleArn` | `securityToken`、`roleSessionName`、`externalId`、STS 参数 |',
    '| `ecs_ram_role` | | `roleName`、`disableIMDSv1` |',
    '| `oidc_role_arn` | `roleArn`、`oidcProviderArn`、`oidcTokenFilePath` | `roleSessionName`、STS 参数 |',
    '| `credentials_uri` | `uri` | |',
    '| `client_key` | `clientKeyFile` 或 `clientKeyContent` | `password`、`passwordFromFilePath`、`passwordFromEnvVariable` 三选一；都不设置时使用变量 `client_key_password` |',
    '| `default` | | |',
    '',
    'STS 参数：`policy`、`durationSeconds`（900 到 43200）、`stsEndpoint`、`stsRegionId`、`vpc`。',
    '',
    '多个读取方共用同一次临时访问凭证请求。凭证缓存到过期前五分钟；如果有效期的五分之一不足五分钟，就缓存到只剩五分之一有效期时。',
    '',
    '什么都不配置时使用 `default`，依次尝试：变量 `ALIBABA_CLOUD_ACCESS_KEY_ID` 和 `_SECRET`（`_SECURITY_TOKEN`）；OIDC，即 RRSA 注入的变量（`ALIBABA_CLOUD_ROLE_ARN`、`_OIDC_PROVIDER_ARN`、`_OIDC_TOKEN_FILE`）；`~/.aliyun/config.json` 中阿里云 CLI 的 profile；`~/.alibabacloud/credentials`，或 `ALIBABA_CLOUD_CREDENTIALS_FILE` 指定的文件；ECS 元数据服务；`ALIBABA_CLOUD_CREDENTIALS_URI`。`ALIBABA_CLOUD_PROFILE` 选择 profile。某个来源有错误时记录警告并跳过。`External` 类型的 profile 会执行其中的命令，不经过 shell；客户端只会启动这一种进程。',
  ],
  keysIntroduction: [
    '## 官方客户端的配置项 {#keys-of-the-official-clients}',
    '',
    '这些配置项从环境变量和 `secretsmanager.properties` 读取，规则与 Java、Go、Python 两代官方客户端一致。相对路径先按配置文件所在目录解析，再按工作目录解析。properties 文件里的反斜杠要写两个，其中 JSON 里的要写四个；也可以改用 `/`。',
    '',
    '文件可以是 UTF-8，或带 BOM 的 UTF-16；其他文件与 Java 一样按 ISO-8859-1 读取。`docker --env-file` 会保留整个值两端的引号，客户端忽略这对引号并记录警告，`client_key_password` 除外。遇到未知的配置项或属性时记录警告，并给出相近的名称。',
    '',
    '| 配置项 | 说明 |',
  ],
  keys: [
    [
      '`credentials_type`',
      '`ak`、`sts`、`ram_role`、`ecs_ram_role`、`oidc_role_arn`、`client_key` 或 `token`。不设置时，有访问密钥就用访问密钥，否则用默认凭据链',
    ],
    [
      '`credentials_access_key_id`, `credentials_access_secret`',
      '`ak` 的访问密钥，或 `ram_role` 扮演角色时所用的访问密钥',
    ],
    [
      '`credentials_security_token`',
      '用于 `sts`：由别处续期的临时访问凭证的安全令牌。`sts` 没有它时与 `ram_role` 一样扮演角色。官方客户端没有这一项',
    ],
    [
      '`credentials_role_arn`, `credentials_role_session_name`, `credentials_policy`',
      '用于 `ram_role` 和 `oidc_role_arn`',
    ],
    [
      '`credentials_duration_seconds`, `credentials_sts_endpoint`, `credentials_sts_region_id`',
      '用于 `ram_role` 和 `oidc_role_arn`：临时访问凭证的有效期，以及 STS 接入点',
    ],
    ['`credentials_role_name`', '用于 `ecs_ram_role`。默认使用元数据服务返回的角色'],
    [
      '`credentials_oidc_provider_arn`, `credentials_oidc_token_file_path`',
      '用于 `oidc_role_arn`。这两项和 `credentials_role_arn` 默认取自 `ALIBABA_CLOUD_*` 变量',
    ],
    ['`credentials_access_token_id`, `credentials_access_token`', '用于已弃用的 `token`：当作访问密钥使用'],
    ['`client_key_private_key_path`', '用于 `client_key`：从 KMS 控制台下载的 ClientKey 文件的路径'],
    [
      '`client_key_password_from_env_variable`',
      '存放 ClientKey 口令的变量名。如果该变量的值又是另一个已设置的变量的名称，就读取那个变量，并记录警告',
    ],
    [
      '`client_key_password_from_file_path`',
      '口令文件的路径。同时设置了 `client_key_password_from_env_variable` 时，它指定的变量有值就读变量，否则读该文件',
    ],
    ['`client_key_password`', '口令本身，上面两项都没有设置时使用。也用于 KMS 实例'],
    [
      '`cache_client_region_id`',
      '接入点的 JSON 列表：`[{"regionId":"cn-hangzhou","vpc":true}]`。可选属性：`endpoint`、`caFilePath`（或 `ca`，内容为证书文本）、`ignoreSslCerts`',
    ],
    [
      '`cache_client_dkms_config_info`',
      'KMS 实例的 JSON 列表，排在地域之前：`endpoint`；`clientKeyFile`（或 `clientKeyContent`）；`password`、`passwordFromFilePath`、`passwordFromEnvVariable`、`passwordFromFilePathName`（存放路径的配置项或变量名）四选一；`caFilePath`（或 `ca`、`caCert`，内容为证书文本）；可选 `ignoreSslCerts`（也可写作 `ignoreSSLCerts`、`ignoreSSL`）',
    ],
    ['`secret_names`', '要预加载的凭据名称，用逗号分隔'],
  ],
};
