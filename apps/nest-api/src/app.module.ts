import { SecretErrorsFilter, SecretsModule } from '@kms-secrets/nestjs';
import type { ClientOrOptions } from '@kms-secrets/nestjs';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { OtherErrorsFilter } from './other-errors.filter.ts';
import { ProbesController } from './probes.controller.ts';
import { SecretsController } from './secrets.controller.ts';
import { drainToken, Shutdown } from './shutdown.ts';
import type { Drain } from './shutdown.ts';

/** Five routes that show what the client does, and never a value. */
@Module({
  controllers: [ProbesController, SecretsController],
  providers: [
    Shutdown,
    { provide: APP_FILTER, useClass: OtherErrorsFilter },
    // Nest tries the last filter first.
    { provide: APP_FILTER, useClass: SecretErrorsFilter },
  ],
})
export class AppModule {
  static with(clientOrOptions: ClientOrOptions, drain: Drain): DynamicModule {
    return {
      module: AppModule,
      imports: [SecretsModule.forRoot(clientOrOptions)],
      providers: [{ provide: drainToken, useValue: drain }],
    };
  }
}
