/** Variables that configure a client, in the names that the options, the SDK and the official clients read. */
const clientVariable = /^(?:KMS_SECRETS_|ALIBABA_CLOUD_|client_key_|credentials_|cache_client_|secret_names$)/u;

/** Variables that change where every connection of a process goes, and which certificates it trusts. */
const networkVariable = /^(?:(?:https?|all|no)_proxy|NODE_USE_ENV_PROXY|NODE_EXTRA_CA_CERTS)$/iu;

/**
 * Deletes the variables of the developer's shell that would change what a test sees, and returns those of the network:
 * `npm install` may need them to reach its registry.
 */
export function scrubEnvironment(environment: Record<string, string | undefined>): Record<string, string> {
  const network: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (networkVariable.test(name) && value !== undefined) network[name] = value;
    else if (!clientVariable.test(name) && name !== 'NODE_TLS_REJECT_UNAUTHORIZED') continue;
    delete environment[name];
  }
  return network;
}
