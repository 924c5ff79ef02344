// @ts-check
// Runs in a new process. Measures the time from the first line of a program to its first secret, loading included.
const startedAt = process.hrtime.bigint();
const { contender, kms } = JSON.parse(process.env['PROCESS_TASK'] ?? '');
const { wireReaders } = await import('../wire.mjs');
const { read, close } = (await wireReaders[contender]?.(kms)) ?? {};
const value = await read?.('app/secret-0');
const ms = Number(process.hrtime.bigint() - startedAt) / 1e6;
await close?.();
if (typeof value !== 'string' || !value.startsWith('s3cret-')) throw new Error(`${contender} returned no secret.`);
console.log(JSON.stringify(ms));
// Some contenders keep sockets open.
process.exit();
