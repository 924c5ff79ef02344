// @ts-check
// Runs in its own process. Counts what a read that is not in memory creates.
import { createSecretClient } from '@kms-secrets/core';
import { countsPerRun } from '../support/counts.mjs';
import { readTask } from '../support/processes.mjs';

const { names } = readTask();
const client = createSecretClient();
// Opens the connection, and loads the modules.
for (let count = 0; count < 3; count += 1) await client.refresh(names[0]);
const unread = names.values();
const get = await countsPerRun(() => client.get(unread.next().value ?? ''), names.length);
const refresh = await countsPerRun(() => client.refresh(names[0]), names.length);
console.log(JSON.stringify({ get, refresh }));
await client.close();
