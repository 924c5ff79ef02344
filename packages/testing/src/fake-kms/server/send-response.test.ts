import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import { expect, test } from 'vitest';

import { plainResponse } from '../api/response.ts';
import { sendResponse } from './send-response.ts';

test('sends a delayed response after its delay', async () => {
  const response = sendDelayed();

  await waitForTimersOf(1);

  expect(response.headersSent).toBe(true);
});

test('cancels a delayed response when the connection ends', async () => {
  const response = sendDelayed();

  response.emit('close');
  await waitForTimersOf(1);

  expect(response.headersSent).toBe(false);
});

function sendDelayed(): ServerResponse {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const ignore = (): undefined => undefined;
  sendResponse(
    plainResponse(200, 'text/plain', 'delayed'),
    { kind: 'slow', ms: 1 },
    { response, reset: ignore, close: ignore },
  );
  return response;
}

/** Timers of equal duration fire in the order they were set, so earlier ones have fired when this one does. */
function waitForTimersOf(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
