/**
 * Whether a host is that of a KMS instance, `{instanceId}.cryptoservice.kms.aliyuncs.com`. It resolves only inside the VPCs of
 * the instance, and its certificate is issued by the CA of the instance.
 */
export function isInstanceHost(host: string): boolean {
  return /\.cryptoservice\.kms\.aliyuncs\.com(?::\d+)?$/u.test(host);
}

/** The region of a gateway host, `kms.{region}.aliyuncs.com` or `kms-vpc.{region}.aliyuncs.com`. */
export function gatewayOf(host: string): { readonly region: string; readonly isVpc: boolean } | undefined {
  const match = /^kms(?<vpc>-vpc)?\.(?<region>[a-z0-9-]+)\.aliyuncs\.com(?::\d+)?$/u.exec(host);
  const region = match?.groups?.['region'];
  return region === undefined ? undefined : { region, isVpc: match?.groups?.['vpc'] !== undefined };
}
