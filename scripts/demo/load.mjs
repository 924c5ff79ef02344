// @ts-check
import { Agent, get } from 'node:http';

/** A safety limit: about a minute at full speed. */
const maxReads = 500_000;

/** Reads one secret continuously over a few keep-alive connections and counts the results. */
export class Load {
  reads = 0;
  failed = 0;
  stale = 0;
  /** The first failure. @type {string | undefined} */
  failure;
  /** When each hash was first returned, by `performance.now()`. @type {Map<string, number>} */
  firstSeen = new Map();
  /** Milliseconds, one for each read. @type {number[]} */
  #latencies = [];
  #startedAt = performance.now();
  #endedAt = 0;
  #isRunning = true;
  /** @type {Agent} */
  #agent;
  /** @type {Promise<void>[]} */
  #readers;

  /** @param {{ url: string; connections: number }} options */
  constructor({ url, connections }) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#readers = Array.from({ length: connections }, () => this.#readContinuously(new URL(url)));
  }

  /** Waits for the reads in flight and closes the connections. */
  async stop() {
    this.#isRunning = false;
    await Promise.all(this.#readers);
    this.#agent.destroy();
    this.#endedAt = performance.now();
    this.#latencies.sort((one, other) => one - other);
  }

  get perSecond() {
    return Math.round((this.reads / (this.#endedAt - this.#startedAt)) * 1_000);
  }

  /** The 99th percentile of the latencies, in milliseconds. */
  get p99() {
    return this.#latencies[Math.floor(this.#latencies.length * 0.99)] ?? 0;
  }

  get maxLatency() {
    return this.#latencies.at(-1) ?? 0;
  }

  /** @param {URL} url */
  async #readContinuously(url) {
    while (this.#isRunning && this.reads < maxReads) {
      const startedAt = performance.now();
      const { status, text } = await read(url, this.#agent);
      this.#latencies.push(performance.now() - startedAt);
      this.reads += 1;
      if (status === 200) {
        const { sha256, stale } = JSON.parse(text);
        if (!this.firstSeen.has(sha256)) this.firstSeen.set(sha256, performance.now());
        if (stale) this.stale += 1;
      } else {
        this.failed += 1;
        this.failure ??= `${status} ${text}`.trim();
      }
    }
  }
}

/**
 * @param {URL} url
 * @param {Agent} agent
 * @returns {Promise<{ status: number; text: string }>} status 0 if no complete response arrived
 */
function read(url, agent) {
  return new Promise((resolve) => {
    const request = get(url, { agent, timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', (error) => resolve({ status: 0, text: error.message }));
    });
    request.on('timeout', () => request.destroy(new Error('no response within 5 s')));
    request.on('error', (error) => resolve({ status: 0, text: error.message }));
  });
}
