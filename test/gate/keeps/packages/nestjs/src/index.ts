import { isSecretError } from '@kms-secrets/core';
import { Module } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

@Module({})
export class SomeModule {
  static readonly parts: unknown[] = [isSecretError, Reflector];
}
