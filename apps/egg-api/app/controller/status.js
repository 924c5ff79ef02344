// @ts-check
import { Controller } from 'egg';
import { isStopping } from '../../app.js';

export default class StatusController extends Controller {
  async ready() {
    const { ctx, app } = this;
    if (isStopping(app)) {
      ctx.status = 503;
      ctx.body = { code: 'ERR_STOPPING' };
      return;
    }
    await app.secrets.ready();
    ctx.body = { isReady: true };
  }

  async stats() {
    this.ctx.body = this.app.secrets.stats();
  }
}
