// @ts-check
// Runs in its own process. Measures how many bytes one read over HTTPS moves to the old generation.
import { secretNames } from '../clients.mjs';
import { promotedBytesPerRun } from '../../support/counts.mjs';
import { readTask } from '../../support/processes.mjs';
import { wireReaders } from '../wire.mjs';

const { contender, kms, reads } = readTask();
const open = wireReaders[contender];
if (open === undefined) throw new Error(`There is no contender ${contender}.`);
const { read, close } = await open(kms);
const names = secretNames(16);
let count = 0;
const readNext = () => read(names[(count += 1) % names.length] ?? '');
await promotedBytesPerRun(readNext, reads);
console.log(JSON.stringify(await promotedBytesPerRun(readNext, reads)));
await close?.();
