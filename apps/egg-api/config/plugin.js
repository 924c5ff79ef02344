// @ts-check
/** @type {Record<string, boolean | { enable: boolean, package: string }>} */
const plugins = {
  kmsSecrets: { enable: true, package: '@kms-secrets/egg' },

  // What this service has no use for.
  development: false,
  i18n: false,
  jsonp: false,
  logrotator: false,
  multipart: false,
  schedule: false,
  security: false,
  session: false,
  static: false,
  view: false,
  watcher: false,
};

export default plugins;
