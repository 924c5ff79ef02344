// @ts-check

/**
 * What a step has at hand.
 *
 * @typedef {object} Set
 * @property {import('./kms.mjs').Kms} kms
 * @property {readonly import('./service.mjs').Service[]} services
 * @property {import('./made-up-secret.mjs').MadeUpSecret} secret
 * @property {import('./made-up-secret.mjs').MadeUpSecret} preloaded
 * @property {import('./narrator.mjs').Narrator} narrator
 * @property {AbortSignal} signal
 */

/**
 * One step of the story.
 *
 * @typedef {object} Step
 * @property {string} title
 * @property {(set: Set) => Promise<string>} play what held, with its figures; rejects with a sentence why it did not hold
 */

/**
 * Throws the sentence if what it denies is not so.
 *
 * @param {boolean} holds
 * @param {string} otherwise
 * @returns {asserts holds}
 */
export function hold(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}
