// @ts-check
// Prints the CPU time and the bytes of one read over HTTPS by layer, with 16 in flight. With --functions, the
// most expensive functions of the client too. The layers of the client are its folders; those of Node are its modules.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { secretNames, withoutLimits } from '../clients.mjs';
import { start, stopAll } from '../../support/processes.mjs';

/** @typedef {{ functionName: string; url: string; lineNumber: number }} Frame */
/** @typedef {Map<string, { weight: number; functions: Map<string, number> }>} Layers */

const { values } = parseArgs({ options: { functions: { type: 'boolean', default: false } } });
const reads = 16_000;
const names = secretNames(16);
const directory = mkdtempSync(join(tmpdir(), 'profile-'));
const bundleFile = join(directory, 'core.mjs');
const regions = await bundleCore();
const { lean } = (await start(new URL('../kms.mjs', import.meta.url), {})).ready;
const { createSecretClient } = await import(pathToFileURL(bundleFile).href);
const endpoints = [{ endpoint: lean.endpoint, caFilePath: lean.caFilePath }];
const client = createSecretClient({ ...withoutLimits, credentials: lean.accessKey, endpoints });
const session = new Session();
session.connect();

await readAll(reads); // until the code is optimized
const cpu = await cpuByLayer();
const bytes = await bytesByLayer();
print('CPU of a miss by layer, µs', cpu, 1);
print('Bytes of a miss by layer', bytes, 0);

await client.close();
await stopAll();
rmSync(directory, { recursive: true });

/** One file, in which a comment precedes each source file. Returns the source file of each line. */
async function bundleCore() {
  const input = fileURLToPath(new URL('src/index.ts', import.meta.resolve('@kms-secrets/core/package.json')));
  const bundle = await rolldown({ input, platform: 'node', transform: { define: { KMS_SECRETS_VERSION: '"0.0.0"' } } });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  await bundle.close();
  writeFileSync(bundleFile, output[0].code);
  let region = '';
  return output[0].code
    .split('\n')
    .map((line) => (region = /^\/\/ (?<file>\S+\.[jt]s)$/u.exec(line)?.groups?.['file'] ?? region));
}

/** @param {number} count */
async function readAll(count) {
  await Promise.all(
    names.map(async (name) => {
      for (let done = 0; done < count / names.length; done += 1) (await client.refresh(name)).text();
    }),
  );
}

async function cpuByLayer() {
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
  const before = process.cpuUsage();
  await readAll(reads);
  const { user, system } = process.cpuUsage(before);
  const { profile } = await session.post('Profiler.stop');
  const nodes = profile.nodes.filter(({ callFrame }) => callFrame.functionName !== '(idle)');
  const samples = nodes.reduce((sum, { hitCount = 0 }) => sum + hitCount, 0);
  /** @type {Layers} */
  const layers = new Map();
  // CPU time is distributed by samples: their times contain the waits for the processor.
  for (const { callFrame, hitCount = 0 } of nodes)
    add(layers, callFrame, ((user + system) / reads) * (hitCount / samples));
  return layers;
}

async function bytesByLayer() {
  const flags = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
  await session.post('HeapProfiler.startSampling', { samplingInterval: 4_096, ...flags });
  await readAll(reads);
  const { profile } = await session.post('HeapProfiler.stopSampling');
  /** @type {Layers} */
  const layers = new Map();
  const nodes = [profile.head];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    nodes.push(...node.children);
    if (node.selfSize > 0) add(layers, node.callFrame, node.selfSize / reads);
  }
  return layers;
}

/**
 * @param {Layers} layers
 * @param {Frame} frame
 * @param {number} weight
 */
function add(layers, frame, weight) {
  const name = layerOf(frame);
  const layer = layers.get(name) ?? { weight: 0, functions: new Map() };
  layers.set(name, layer);
  layer.weight += weight;
  const label = `${frame.functionName} ${fileOf(frame)}`;
  layer.functions.set(label, (layer.functions.get(label) ?? 0) + weight);
}

/** @param {Frame} frame */
function layerOf(frame) {
  const file = fileOf(frame);
  const folder = /\bsrc\/(?<folder>[\w-]+)(?:\/|\.ts)/u.exec(file)?.groups?.['folder'];
  if (folder !== undefined) return folder;
  if (file === '') return frame.functionName.startsWith('(') ? frame.functionName : 'native code';
  if (!file.startsWith('node:')) return 'the reads';
  if (/_http|https/u.test(file)) return 'node:http';
  if (/tls|net|stream/u.test(file)) return 'node:tls, net, stream';
  if (/crypto/u.test(file)) return 'node:crypto';
  if (/process|timers|async_hooks/u.test(file)) return 'node: timers, ticks, promises';
  return 'node: others';
}

/** @param {Frame} frame */
function fileOf({ url, lineNumber }) {
  return url.endsWith('core.mjs') ? (regions[lineNumber] ?? '') : url;
}

/**
 * @param {string} title
 * @param {Layers} layers
 * @param {number} digits
 */
function print(title, layers, digits) {
  const byWeight = [...layers].toSorted(([, one], [, other]) => other.weight - one.weight);
  const total = byWeight.reduce((sum, [, { weight }]) => sum + weight, 0);
  console.log(`\n${title}: ${total.toFixed(digits)}`);
  for (const [name, { weight, functions }] of byWeight) {
    console.log(`${weight.toFixed(digits).padStart(8)}  ${name}`);
    if (!values.functions) continue;
    for (const [label, part] of [...functions].toSorted(([, one], [, other]) => other - one).slice(0, 12)) {
      console.log(`${part.toFixed(digits).padStart(16)}  ${label}`);
    }
  }
}
