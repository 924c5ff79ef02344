// @ts-check
// In a new process: milliseconds from the first line of a program to the first secret in its hand, all loading included.
const begun = performance.now();
const { way, kms } = JSON.parse(process.env['PROCESS_TASK'] ?? '');
const { wireReaders } = await import('../wire.mjs');
const { read, close } = (await wireReaders[way]?.(kms)) ?? {};
const value = await read?.('app/secret-0');
const ms = performance.now() - begun;
await close?.();
if (typeof value !== 'string' || !value.startsWith('s3cret-')) throw new Error(`${way} brought no secret.`);
console.log(JSON.stringify(ms));
// Some keep their sockets open.
process.exit();
