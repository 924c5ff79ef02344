import { Agent, get } from 'node:http';

/** What a request was answered; status 0 if there was no whole answer. */
export interface Answered {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends so many requests a second to `url`, whatever the answers take, and returns all answers. It ends by itself: after
 * `ms`, and the time of the last answer.
 *
 * How many a turn are due is told by the time that has passed, so that a machine that was busy does not make them fewer.
 */
export async function steadyLoad(
  url: string,
  { perSecond, ms }: { readonly perSecond: number; readonly ms: number },
): Promise<readonly Answered[]> {
  const agent = new Agent({ keepAlive: true });
  const asking: Promise<Answered>[] = [];
  const startedAt = performance.now();
  const total = (ms / 1_000) * perSecond;
  while (asking.length < total) {
    const due = Math.min(total, ((performance.now() - startedAt) / 1_000) * perSecond);
    while (asking.length < due) asking.push(ask(url, agent));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const answers = await Promise.all(asking);
  agent.destroy();
  return answers;
}

function ask(url: string, agent: Agent): Promise<Answered> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve({ status: 0, text: error.message });
    const request = get(url, { agent, timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', failed);
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.on('error', failed);
  });
}
