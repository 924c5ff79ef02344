import { errorCode } from '@kms-secrets/core/internal';
import { CliError } from './cli-error.ts';

/** Loads a package that is not installed with this one. */
export async function loadOptional<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CliError(`This needs the package ${name}, which is not installed. Run: npm install ${name}`);
  }
}
