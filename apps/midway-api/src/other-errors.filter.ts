import { Catch, MidwayHttpError } from '@midwayjs/core';
import type { Context } from '@midwayjs/koa';

const codes = new Map([
  [400, 'ERR_BAD_REQUEST'],
  [404, 'ERR_NO_ROUTE'],
  [503, 'ERR_STOPPING'],
]);

/** For example an unknown path. Responds with a code, without Midway's message, which quotes the request. */
@Catch()
export class OtherErrorsFilter {
  catch(error: unknown, ctx: Context): object {
    const status = error instanceof MidwayHttpError ? error.status : 500;
    const code = codes.get(status) ?? 'ERR_INTERNAL';
    if (code === 'ERR_INTERNAL') ctx.logger.error(error);
    ctx.status = status;
    return { code };
  }
}
