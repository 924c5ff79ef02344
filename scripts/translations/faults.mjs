// @ts-check
// The Chinese texts of docs/zh/faults.md.

const prose = {
  'Reads while KMS has faults': '故障测试：KMS 故障时的凭据读取',
  'These tables show what every fault that the fake KMS can inject does to reads: with one, two and three endpoints, without a store, with the file store and with Redis. Each run reads four secrets at 1,000 reads a second for two seconds, over real sockets, with the minimum TTL (`1s`), so that every secret is due for a refresh during the fault. The latency of a read is measured from the call to the result.':
    '下列各表给出模拟 KMS 能注入的每种故障对读取的影响：分别使用一个、两个、三个接入点，以及没有存储、文件存储和 Redis 存储。每次运行以每秒 1,000 次读取四个凭据，持续两秒，使用真实的 socket 和最小的 TTL（`1s`），所以每个凭据在故障期间都要刷新。读取延迟从调用算起，到得到结果为止。',
  'How to read the tables:': '各列的含义：',
  '**failed**: reads that threw an error. Only refusals of KMS (access denied, secret removed, key disabled, scheduled for deletion) fail reads.':
    '**失败**：抛出错误的读取。只有 KMS 拒绝（无权限、凭据已删除、密钥已禁用、计划删除）才会让读取失败。',
  '**p50 / p99**: the latency of the reads, in milliseconds, for each kind of store. A read waits only if the client does not know yet that KMS is unavailable. If an endpoint does not respond, a read waits until the next endpoint has responded: that one is requested after the hedge delay (half a second until enough latencies are known). Without another endpoint it waits for `staleDeadline` (1 s), once.':
    '**p50 / p99**：每种存储下的读取延迟，单位毫秒。只有客户端还不知道 KMS 不可用时，读取才会等待。接入点无响应时，读取等到下一个接入点响应为止，下一个接入点在对冲延迟（样本不足时为半秒）之后请求。没有其他接入点时，等待 `staleDeadline`（1 秒），只等一次。',
  '**KMS requests**: the requests that reached KMS during the fault, for each kind of store. There is no failover after an untrusted certificate.':
    '**KMS 请求**：每种存储下，故障期间到达 KMS 的请求数。证书不受信任时不切换接入点。',
  '**a new process reads**: what a process reads that starts during the fault with a `deadline` of 2 s: a fresh value, a stale value from a store, or an error.':
    '**新进程读到**：故障期间启动的进程（`deadline` 为 2 秒）读到什么：有效的值、存储中的旧值，或错误。',
  '`pnpm faults` takes these measurements in about fifteen minutes; `pnpm --filter @kms-secrets/load page "<the machine>"` writes them to this page. They are the figures of one machine with other work. What holds on every machine is promised in [behaviour.md](behaviour.md) and tested by `test/e2e/faults.test.ts`, `fleet.test.ts`, `outage.test.ts` and `restart.test.ts`.':
    '`pnpm faults` 用约十五分钟完成测量，`pnpm --filter @kms-secrets/load page "<the machine>"` 写入本页。这些是在一台还有其他任务的机器上测得的数据。在任何机器上都成立的内容见[行为](behaviour.md)，由 `test/e2e/faults.test.ts`、`fleet.test.ts`、`outage.test.ts` 和 `restart.test.ts` 测试。',
  'The official clients under the same faults': '官方客户端在相同故障下的表现',
  'Measured in one run against the same fake KMS: 4 readers, 200 reads per second, TTL 2 s. Each cell shows the failed reads and the longest read.':
    '在一次运行中对同一个模拟 KMS 测得：4 个读取方，每秒 200 次读取，TTL 2 秒。每格是失败的读取数和最长的一次读取。',
  'The file caches of both Java clients write nothing on Java 16 and later: Gson cannot access the fields of closed modules, and the exception is swallowed. Every read then goes to KMS.':
    '在 Java 16 及以上版本，两个 Java 客户端的文件缓存什么也写不进去：Gson 无法访问未开放模块的字段，异常又被吞掉。之后每次读取都请求 KMS。',
  'One endpoint': '一个接入点',
  'Two endpoints, fault at the primary': '两个接入点，主接入点故障',
  'Two endpoints, fault at all': '两个接入点，全部故障',
  'Three endpoints, fault at the primary': '三个接入点，主接入点故障',
  'Three endpoints, fault at all': '三个接入点，全部故障',
  'KMS unavailable for a minute, with two endpoints': '两个接入点，KMS 不可用一分钟',
  'A fleet of 50 processes': '50 个进程',
};

const columns = {
  fault: '故障',
  reads: '读取',
  failed: '失败',
  stores: '存储',
  'this client': '本客户端',
  'KMS requests': 'KMS 请求',
  'a new process reads': '新进程读到',
  'p50 / p99 ms': 'p50 / p99（毫秒）',
  'recovery, ms': '恢复（毫秒）',
  event: '事件',
  updated: '已更新',
};

const cells = {
  none: '无',
  file: '文件',
  redis: 'Redis',
  fresh: '有效',
  stale: '旧值',
  never: '未恢复',
  'the same': '同上',
  'hangs until restart': '一直卡住，直到重启',
  'port closed for 15 s': '端口关闭 15 秒',
  'no response for 15 s': '无响应 15 秒',
  'throttled for 15 s': '限流 15 秒',
  'slow by 300 ms': '慢 300 毫秒',
  'slow by 1.5 s': '慢 1.5 秒',
  'one byte every 5 ms': '每 5 毫秒一个字节',
  'chunked response': '分块（chunked）响应',
  'Connection: close': 'Connection: close',
  'certificate without its issuer': '证书链缺少签发者',
  throttled: '限流',
  'throttled, Retry-After 1 s': '限流，Retry-After 1 秒',
  '500 InternalFailure': '500 InternalFailure',
  '503 without a body': '503，没有正文',
  '502 with an HTML page': '502，HTML 页面',
  '503 with the JSON of a firewall': '503，防火墙返回的 JSON',
  'unknown access key': 'AccessKey 不存在',
  'expired token': '令牌已过期',
  'wrong signature': '签名错误',
  'no response': '无响应',
  'hangs mid-body': '正文传到一半卡住',
  'connection reset': '连接重置',
  'connection closed': '连接关闭',
  'truncated response': '响应截断',
  'port closed': '端口关闭',
  'invalid JSON': '无效的 JSON',
  'JSON without a secret': 'JSON 中没有凭据',
  'the wrong secret': '返回了别的凭据',
  'larger than 1 MiB': '超过 1 MiB',
  redirect: '重定向',
  'certificate expired': '证书过期',
  'certificate for another host': '证书域名不符',
  'certificate from unknown CA': '证书由未知 CA 签发',
  'self-signed certificate': '自签名证书',
  'access denied': '无权限',
  'secret removed': '凭据已删除',
  'key disabled': '密钥已禁用',
  'scheduled for deletion': '计划删除',
  'cold start': '冷启动',
  rotation: '轮转',
  'second rotation': '第二次轮转',
  'lease holder killed': '杀掉租约持有者',
  'rotation without Redis': '没有 Redis 时轮转',
  'rotation after Redis restarted': 'Redis 重启后轮转',
};

const outcome = '(?:fresh|stale|ERR_[A-Z_]+)(?:, (?:fresh|stale|ERR_[A-Z_]+))*';

/** What a new process reads, in all stores or in each. @param {string} text */
const outcomesOf = (text) =>
  text
    .replace('none: ', '无存储：')
    .replace('; file: ', '；文件：')
    .replace('; redis: ', '；Redis：')
    .replaceAll('fresh', '有效')
    .replaceAll('stale', '旧值')
    .replaceAll(', ', '、');

/** @type {import('../print-translation.mjs').Translation} */
export const faults = {
  texts: { ...prose, ...columns, ...cells },
  patterns: [
    [
      /^Measured on ([\d-]+), on two cores that were also busy with other work \(load average (\d+) to (\d+)\)\.$/u,
      '测量日期 $1，两个核，同时运行其他任务（平均负载 $2 到 $3）。',
    ],
    [
      /^While Redis was killed and restarted, ([\d,]+) of ([\d,]+) reads failed\.$/u,
      '杀掉并重启 Redis 期间，$2 次读取中有 $1 次失败。',
    ],
    [/^p50 \/ p99 ms, none$/u, 'p50 / p99（毫秒），无存储'],
    [/^p50 \/ p99 ms, file$/u, 'p50 / p99（毫秒），文件'],
    [/^p50 \/ p99 ms, redis$/u, 'p50 / p99（毫秒），Redis'],
    [/^((?:Java|Go|Python) v\d)$/u, '$1'],
    [/^([\d,]+) failed$/u, '$1 次失败'],
    [/^(\d+) to (\d+) s$/u, '$1 到 $2 秒'],
    [/^(\d+) to (\d+) s or ([\d,]+) to ([\d,]+) failed$/u, '$1 到 $2 秒，或 $3 到 $4 次失败'],
    [/^([\d.]+(?: \/ [\d.]+)?) s$/u, '$1 秒'],
    [/^(\d+ \/ \d+) ms$/u, '$1 毫秒'],
    [new RegExp(`^(?:none: ${outcome}; file: ${outcome}; redis: )?${outcome}$`, 'u'), outcomesOf],
  ],
  verbatim: [],
};
