'use client';

import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { Board } from './board.tsx';
import { pageTitle } from './format.ts';
import type { Status } from './status.ts';

const pollInterval = 2_000;
/** A poll without a response after this time (ms) counts as failed: a process that hangs would look live. */
const pollTimeout = 5_000;

/** The board, updated every two seconds while the page is visible. */
export function LiveBoard({ initial }: { readonly initial: Status }): ReactNode {
  const [status, setStatus] = useState(initial);
  const [silentFor, setSilentFor] = useState(0);

  useEffect(() => {
    const unmounting = new AbortController();
    let lastResponse = Date.now();
    const poll = async (): Promise<void> => {
      if (document.hidden) return;
      try {
        const signal = AbortSignal.any([unmounting.signal, AbortSignal.timeout(pollTimeout)]);
        const response = await fetch('/status/live', { signal, cache: 'no-store' });
        if (!response.ok) throw new Error(`status ${response.status}`);
        setStatus((await response.json()) as Status); // sent by the same program
        setSilentFor(0);
        lastResponse = Date.now();
      } catch {
        if (!unmounting.signal.aborted) setSilentFor(Date.now() - lastResponse);
      }
    };
    const timer = setInterval(() => void poll(), pollInterval);
    document.addEventListener('visibilitychange', () => void poll(), { signal: unmounting.signal });
    return () => {
      clearInterval(timer);
      unmounting.abort();
    };
  }, []);

  return (
    <>
      <title>{pageTitle(status, silentFor)}</title>
      <Board status={status} silentFor={silentFor} />
    </>
  );
}
