// @ts-check
import { Agent, get } from 'node:http';

/** Enough for a minute at full speed; a demo must not be able to run away. */
const mostReads = 500_000;

/** Reads one secret over and over on a few connections that are kept open, and keeps count. */
export class Load {
  reads = 0;
  failed = 0;
  stale = 0;
  /** The first failure, in words. @type {string | undefined} */
  failure;
  /** When each hash was seen first. @type {Map<string, number>} */
  seen = new Map();
  /** Milliseconds that each read took. @type {number[]} */
  #times = [];
  #started = performance.now();
  #ended = 0;
  #isOn = true;
  /** @type {Agent} */
  #agent;
  /** @type {Promise<void>[]} */
  #readers;

  /** @param {{ url: string; connections: number }} options */
  constructor({ url, connections }) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#readers = Array.from({ length: connections }, () => this.#readAgainAndAgain(new URL(url)));
  }

  /** Lets the reads that are under way end, and closes the connections. */
  async stop() {
    this.#isOn = false;
    await Promise.all(this.#readers);
    this.#agent.destroy();
    this.#ended = performance.now();
    this.#times.sort((one, other) => one - other);
  }

  get perSecond() {
    return Math.round((this.reads / (this.#ended - this.#started)) * 1_000);
  }

  /** How long the slowest one in a hundred took at least, in milliseconds. */
  get p99() {
    return this.#times[Math.floor(this.#times.length * 0.99)] ?? 0;
  }

  get slowest() {
    return this.#times.at(-1) ?? 0;
  }

  /** @param {URL} url */
  async #readAgainAndAgain(url) {
    while (this.#isOn && this.reads < mostReads) {
      const started = performance.now();
      const { status, text } = await read(url, this.#agent);
      this.#times.push(performance.now() - started);
      this.reads += 1;
      if (status === 200) {
        const { sha256, stale } = JSON.parse(text);
        if (!this.seen.has(sha256)) this.seen.set(sha256, performance.now());
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
 * @returns {Promise<{ status: number; text: string }>} status 0 if there was no whole answer
 */
function read(url, agent) {
  return new Promise((resolve) => {
    const request = get(url, { agent, timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', (error) => resolve({ status: 0, text: error.message }));
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 5 s')));
    request.on('error', (error) => resolve({ status: 0, text: error.message }));
  });
}
