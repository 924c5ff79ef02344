// @ts-check
import { secretsHealth } from '@kms-secrets/egg';

/** @param {import('egg').Application} app */
export default (app) => {
  const { router, controller } = app;
  router.get('/ready', controller['status'].ready);
  router.get('/health', secretsHealth(app.secrets));
  router.get('/stats', controller['status'].stats);
  router.get('/secrets/:name', controller['secrets'].show);
  router.post('/secrets/:name/refresh', controller['secrets'].refresh);
};
