// @ts-check
// The Chinese texts of docs/zh/conformance.md. The names of scenarios are the titles of tests and stay in English.

/** @type {import('../print-translation.mjs').Translation} */
export const conformance = {
  texts: {
    Conformance: '一致性报告：每个示例应用、每种传输',
    promise: '承诺（场景标题）',
    kept: '符合',
  },
  patterns: [
    [
      /^(\d+) scenarios, each run with (\d+) apps over (\d+) transports \(openapi, openapi with a client key, instance\): (\d+) runs, none skipped \(\[why\]\(([^)]*)\)\)\. `kept` means kept over every transport\. This file is written by (`[^`]*`); a run with other results fails\.$/u,
      '$1 个场景，每个场景在 $2 个应用上、以 $3 种传输（OpenAPI、使用 ClientKey 的 OpenAPI、实例 API）运行，共 $4 次，没有跳过（[原因]($5)）。「符合」（`kept`）表示在每种传输上都符合。场景标题即测试标题，保留英文；中文说明见「行为」页。结果由 $6 写入；运行结果不同时测试失败。',
    ],
    [/^broken over (.*)$/u, '在 $1 上不符合'],
    [/^([\w-]+)$/u, '$1'],
  ],
  verbatim: ['promise'],
};
