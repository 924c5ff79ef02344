export const isError = (value: unknown): boolean => value instanceof Error; // breaks syntax(no-restricted-syntax): another realm
export const isLater = (value: unknown): boolean => value instanceof Promise; // breaks syntax(no-restricted-syntax): another realm
export const isSignal = (value: unknown): boolean => value instanceof AbortSignal; // breaks syntax(no-restricted-syntax): another realm
export const here = (): string => import.meta.url; // breaks syntax(no-restricted-syntax): CommonJS
