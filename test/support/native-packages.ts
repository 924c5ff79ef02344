import { register } from 'node:module';

/**
 * Frameworks that load the files of an app themselves, such as Egg, import our packages natively. Node then gets what is built, instead of
 * the TypeScript sources, which it cannot load.
 */
const hook = `export const resolve = (specifier, context, next) =>
  next(specifier, { ...context, conditions: context.conditions.filter((each) => each !== '@kms-secrets/source') });`;

register(`data:text/javascript,${encodeURIComponent(hook)}`);
