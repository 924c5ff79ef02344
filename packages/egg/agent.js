// Egg finds this file by its name, in the agent.
export { SecretsAgent as default } from '@kms-secrets/egg';
