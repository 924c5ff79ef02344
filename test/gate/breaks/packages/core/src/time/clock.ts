// The clock may read time and chance, and nothing else of the process.
export const uptime = (): number => process.uptime(); // breaks eslint(no-restricted-globals): every runtime has
