import * as sdk from '@alicloud/credentials'; // breaks syntax(no-restricted-syntax): loaded by import()
import { type Config } from '@alicloud/credentials'; // breaks syntax(no-restricted-syntax): loaded by import()
export { getProperties } from 'properties-file'; // breaks syntax(no-restricted-syntax): loaded by import()
export * from 'properties-file'; // breaks syntax(no-restricted-syntax): loaded by import()
export const client: Config = sdk.Config;
