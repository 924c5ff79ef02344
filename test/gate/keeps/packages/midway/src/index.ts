import { isSecretError } from '@kms-secrets/core';
import { Provide } from '@midwayjs/core';

@Provide()
export class SomeService {
  readonly isSecretError: unknown = isSecretError;
}
