// @ts-check

/**
 * What every step can use.
 *
 * @typedef {object} Context
 * @property {import('./kms.mjs').Kms} kms
 * @property {readonly import('./service.mjs').Service[]} services
 * @property {import('./demo-secret.mjs').DemoSecret} secret
 * @property {import('./demo-secret.mjs').DemoSecret} preloaded
 * @property {import('./output.mjs').Output} output
 * @property {AbortSignal} signal
 * @property {(program: import('./program.mjs').Program) => void} adopt makes the cleanup check what a program of the step leaves and prints
 */

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {(context: Context) => Promise<string>} run returns what was verified, with figures; rejects if it is not true
 */

/**
 * @param {boolean} condition
 * @param {string} message
 * @returns {asserts condition}
 */
export function assert(condition, message) {
  if (!condition) throw new Error(message);
}
