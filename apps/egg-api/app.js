// @ts-check
/**
 * What `src/app.ts` passes to Egg. `egg-scripts` passes none of it.
 * @param {{ options: object }} app
 * @returns {Partial<import('./src/app.ts').AppOptions>}
 */
const optionsOf = ({ options }) => options;

/** @param {{ options: object }} app */
export const isStopping = (app) => optionsOf(app).isStopping?.() ?? false;

/** Lets the program that starts Egg in its own process pass a client. */
export default class Boot {
  /** @param {import('egg').Application} app */
  constructor(app) {
    this.app = app;
  }

  configWillLoad() {
    Object.assign(this.app.config.kmsSecrets, { client: optionsOf(this.app).client });
  }
}
