import { startFakeEvents } from '../fake-events/fake-events.ts';
import type { FakeEvents } from '../fake-events/fake-events.ts';
import { startFakeMns } from '../fake-events/fake-mns.ts';
import type { FakeMns } from '../fake-events/fake-mns.ts';
import type { FakeKms } from '../fake-kms/fake-kms.ts';
import type { EventOptions } from './arguments.ts';

/** What sends the events of the command. */
export interface ServedEvents {
  /** Comments for the printed settings. Without a token. */
  readonly lines: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Sends the events to the given targets. Without a target, nothing is started. */
export async function serveEvents(kms: FakeKms, options: EventOptions): Promise<ServedEvents> {
  const { url, token, callback, queue } = options;
  if (url === undefined && callback === undefined && queue === undefined) {
    return { lines: [], [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const events = await startFakeEvents(kms);
  if (url !== undefined) events.sendTo({ eventBridge: url, token });
  if (callback !== undefined) events.sendTo({ cloudMonitor: callback });
  const mns = queue === undefined ? undefined : await startQueue({ kms, events, queue });
  return {
    lines: [
      ...(url === undefined ? [] : [`# Signed events: certificates at ${events.certificateOrigin}`]),
      ...(callback === undefined ? [] : ['# Callbacks without a signature: after each rotation']),
      ...(mns === undefined ? [] : [`# MNS: queue ${String(queue)} at ${mns.endpoint}`]),
    ],
    async [Symbol.asyncDispose]() {
      await events.close();
      await mns?.close();
    },
  };
}

async function startQueue(parts: {
  readonly kms: FakeKms;
  readonly events: FakeEvents;
  readonly queue: string;
}): Promise<FakeMns> {
  const { kms, events, queue } = parts;
  const mns = await startFakeMns({ accessKey: kms.accessKey });
  events.sendTo({ queue: mns.createQueue(queue) });
  return mns;
}
