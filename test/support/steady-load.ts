import { Agent, get } from 'node:http';

/** The response to one request. Status 0 means that no complete response arrived; `text` is the reason then. */
export interface LoadResponse {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends `perSecond` requests a second to `url` for `ms` milliseconds, however long the responses take (an open-loop load), and
 * returns all responses.
 *
 * The number of requests due is computed from the time elapsed, so that a busy machine does not reduce the load.
 */
export async function steadyLoad(
  url: string,
  { perSecond, ms }: { readonly perSecond: number; readonly ms: number },
): Promise<readonly LoadResponse[]> {
  const agent = new Agent({ keepAlive: true });
  return sendSteadily(url, { agents: [agent], perSecond, total: () => (ms / 1_000) * perSecond });
}

/** Sends the same load until `work` is over, from eight clients: four keep their connections, four open one for each request. */
export async function loadDuring(
  work: Promise<unknown>,
  url: string,
  perSecond: number,
): Promise<readonly LoadResponse[]> {
  let total = Number.POSITIVE_INFINITY;
  const agents = Array.from({ length: 8 }, (_, index) => new Agent({ keepAlive: index % 2 === 0, maxSockets: 1 }));
  const sending = sendSteadily(url, { agents, perSecond, total: () => total });
  try {
    await work;
  } finally {
    total = 0;
  }
  return sending;
}

interface Load {
  /** Each sends every n-th request. */
  readonly agents: readonly Agent[];
  readonly perSecond: number;
  /** How many requests to send. */
  readonly total: () => number;
}

async function sendSteadily(url: string, { agents, perSecond, total }: Load): Promise<readonly LoadResponse[]> {
  const sent: Promise<LoadResponse>[] = [];
  const startedAt = performance.now();
  while (sent.length < total()) {
    const due = Math.min(total(), ((performance.now() - startedAt) / 1_000) * perSecond);
    while (sent.length < due) sent.push(send(url, agents[sent.length % agents.length]));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const responses = await Promise.all(sent);
  for (const agent of agents) agent.destroy();
  return responses;
}

function send(url: string, agent: Agent | undefined): Promise<LoadResponse> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve({ status: 0, text: error.message });
    const request = get(url, { agent, timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', failed);
    });
    request.on('timeout', () => request.destroy(new Error('no response within 10 s')));
    request.on('error', failed);
  });
}
