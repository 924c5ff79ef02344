/** Why a client key cannot be opened: a sentence or two that quote neither the file nor the password. */
export class ClientKeyError extends Error {
  override readonly name = 'ClientKeyProblem';
}
