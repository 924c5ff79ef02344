// @ts-check
import { isStopping } from '../../app.js';

/**
 * Every response is JSON that no cache keeps. While the service stops, each one ends its connection, so that callers open the next one to
 * another process.
 * @returns {(ctx: import('egg').Context, next: () => Promise<unknown>) => Promise<void>}
 */
export default () => async (ctx, next) => {
  ctx.set('cache-control', 'no-store');
  if (isStopping(ctx.app)) ctx.set('connection', 'close');
  try {
    await next();
    if (ctx.status !== 404) return;
    ctx.status = 404;
    ctx.body = { code: 'ERR_NO_ROUTE' };
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    ctx.status = 400;
    ctx.body = { code: 'ERR_BAD_REQUEST' };
  }
};
