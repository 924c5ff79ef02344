// @ts-check
// Runs in its own process. Counts what a read that is not in memory creates.
import { createSecretClient } from '@kms-secrets/core';
import { countsPerRun, promotedBytesPerRun } from '../support/counts.mjs';
import { readTask } from '../support/processes.mjs';

const { names } = readTask();
const client = createSecretClient();
// Opens the connection, and loads the modules.
for (let count = 0; count < 3; count += 1) await client.refresh(names[0]);
const unread = names.values();
const get = await countsPerRun(() => client.get(unread.next().value ?? ''), names.length);
const refresh = await countsPerRun(() => client.refresh(names[0]), names.length);
await promotedBytesPerRun(() => client.refresh(names[0]), 500); // until the code is optimized
const promotedBytes = await promotedBytesPerRun(() => client.refresh(names[0]), 500);
console.log(JSON.stringify({ get, refresh, promotedBytes }));
await client.close();
