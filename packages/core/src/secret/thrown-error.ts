import { safeMessage } from './errors.ts';
import { fieldOf, isError, safeCode } from './is-error.ts';

/** Frames of a stack that are kept. */
const maxFrames = 10;

/**
 * A description of what user code or a dependency threw: `safeMessage`, and the place where it was thrown. Never its message,
 * which may quote a secret.
 */
export function describeThrown(error: unknown): string {
  const frames = framesOf(error);
  const place = placeOf(frames.find((frame) => !frame.includes('node:')) ?? frames[0]);
  return place === undefined ? safeMessage(error) : `${safeMessage(error)} at ${place}`;
}

/** A copy of an error without its message and its fields, to be the `cause` of another one: name, code and stack. */
export function withoutMessage(error: unknown): Error | undefined {
  if (!isError(error)) return undefined;
  const copy = new Error(`${safeMessage(error)} (its message is left out: it may contain a secret)`);
  copy.stack = [`${copy.name}: ${copy.message}`, ...framesOf(error)].join('\n');
  return Object.assign(copy, { code: safeCode(error) });
}

/** The frames of a stack. The message, which precedes them, is dropped, also if it looks like frames. */
function framesOf(error: unknown): readonly string[] {
  const message = fieldOf(error, 'message');
  const stack = fieldOf(error, 'stack');
  if (typeof message !== 'string' || typeof stack !== 'string') return [];
  const start = stack.indexOf(message);
  // A message that was changed later: it is unknown where the frames start.
  if (start === -1) return [];
  const frames = stack.slice(start + message.length).split('\n');
  return frames.filter(isFrame).slice(0, maxFrames);
}

/** `    at name (file:line:column)`. A file is a path or a URL of a module, not code. */
function isFrame(line: string): boolean {
  return line.length <= 300 && /^ {4}at .+:\d+:\d+\)?$/u.test(line) && !/data:|blob:|eval at/u.test(line);
}

function placeOf(frame: string | undefined): string | undefined {
  return frame?.match(/(?:\(| at (?:async )?)(?<place>[^()]+:\d+:\d+)\)?$/u)?.groups?.['place'];
}
