/** Runs a function in the async context in which the client was created, and returns its result. */
export type RunInContext = <Value>(task: () => Value) => Value;
