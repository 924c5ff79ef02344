// The clock may use time and random numbers, and nothing else of the process.
export const uptime = (): number => process.uptime(); // breaks eslint(no-restricted-globals): every runtime has
