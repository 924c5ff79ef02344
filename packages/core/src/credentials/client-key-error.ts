/** A client key could not be opened. The message quotes neither the file nor the password. */
export class ClientKeyError extends Error {
  override readonly name = 'ClientKeyError';
}
