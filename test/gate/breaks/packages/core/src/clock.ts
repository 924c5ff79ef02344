// The clock may read time and chance; it is still not the place to look at the process.
export const uptime = (): number => process.uptime(); // breaks eslint(no-restricted-globals): every runtime
