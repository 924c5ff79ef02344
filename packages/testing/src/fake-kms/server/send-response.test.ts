import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import { expect, test } from 'vitest';

import { bareAnswer } from '../api/response.ts';
import { deliver } from './send-response.ts';

test('a late answer is sent when its time has come', async () => {
  const response = deliverLate();

  await afterTimersOf(1);

  expect(response.headersSent).toBe(true);
});

test('a late answer is called off when its connection ends, so that no timer outlives it', async () => {
  const response = deliverLate();

  response.emit('close');
  await afterTimersOf(1);

  expect(response.headersSent).toBe(false);
});

function deliverLate(): ServerResponse {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const nothing = (): undefined => undefined;
  deliver(bareAnswer(200, 'text/plain', 'late'), { kind: 'slow', ms: 1 }, { response, reset: nothing, close: nothing });
  return response;
}

/** Timers of one length run in the order they were set, so those set before this one have run when it does. */
function afterTimersOf(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
