import * as sdk from '@alicloud/credentials'; // breaks syntax(no-restricted-syntax): by import()
import { type Config } from '@alicloud/credentials'; // breaks syntax(no-restricted-syntax): by import()
export { getProperties } from 'properties-file'; // breaks syntax(no-restricted-syntax): by import()
export * from 'properties-file'; // breaks syntax(no-restricted-syntax): by import()
export const client: Config = sdk.Config;
