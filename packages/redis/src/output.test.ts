import { nextTick } from 'node:process';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from './output.ts';
import type { RedisClient } from './redis-client.ts';

/** A client with a stream that records how many chunks each system call would send. */
function clientOf(stream: unknown): RedisClient {
  return { status: 'ready', stream } as unknown as RedisClient;
}

function recordingStream(): { readonly stream: Writable; readonly sent: number[] } {
  const sent: number[] = [];
  const write = (_chunk: unknown, _encoding: unknown, done: () => void): void => {
    sent.push(1);
    done();
  };
  const writev = (chunks: readonly unknown[], done: () => void): void => {
    sent.push(chunks.length);
    done();
  };
  return { stream: new Writable({ write, writev }), sent };
}

function afterThisTurn(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}

test('sends the commands of one turn together, those of its microtasks included', async () => {
  const { stream, sent } = recordingStream();
  const output = new Output();
  const command = (): void => {
    output.holdBack(clientOf(stream));
    stream.write('command');
  };

  for (let count = 0; count < 3; count += 1) command();
  await Promise.resolve().then(command);
  await afterThisTurn();
  command();
  await afterThisTurn();

  expect(sent).toEqual([4, 1]);
});

test('holds back the stream of the connection that the client has now', async () => {
  const [old, next] = [recordingStream(), recordingStream()];
  const output = new Output();

  for (const { stream } of [old, next]) {
    output.holdBack(clientOf(stream));
    stream.write('one');
    stream.write('two');
  }
  await afterThisTurn();

  expect([old.sent, next.sent]).toEqual([[2], [2]]);
  expect([old.stream.writableCorked, next.stream.writableCorked]).toEqual([0, 0]);
});

test.each([undefined, null, {}, { cork: () => {} }])('does nothing with the stream %j', (stream) => {
  expect(() => new Output().holdBack(clientOf(stream))).not.toThrow();
});
