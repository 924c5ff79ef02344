import { watch } from 'node:fs';
import { dirname } from 'node:path';

import { errorCode, systemClock } from '@kms-secrets/core';

import { CliError } from './cli-error.ts';
import { Debounce } from './debounce.ts';

/** Editors write a file in several steps; this long after the last one it is complete (ms). */
const settleDelay = 100;

export interface FileWatch {
  close(): void;
}

/**
 * Calls `onChange` after the file may have changed.
 *
 * Watches its directory: editors replace the file, and a watch of the file itself ends with it.
 */
export function watchFile(file: string, onChange: () => void, onError: (error: CliError) => void): FileWatch {
  const debounce = new Debounce({ clock: systemClock, delay: settleDelay, task: onChange });
  const failure = (error: unknown): CliError =>
    new CliError(`${file} cannot be watched (${errorCode(error) ?? 'unknown error'}).`);
  try {
    const watcher = watch(dirname(file), () => debounce.trigger());
    watcher.on('error', (error) => onError(failure(error)));
    // The file may have changed since it was read.
    debounce.trigger();
    return {
      close() {
        debounce.cancel();
        watcher.close();
      },
    };
  } catch (error) {
    throw failure(error);
  }
}
