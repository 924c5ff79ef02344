export const now = (): number => Date.now() + performance.now() + Math.random();
export const sleep = (ms: number): Promise<void> => new Promise((done) => void setTimeout(done, ms));
