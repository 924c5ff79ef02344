'use client';

import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { Board } from './board.tsx';
import type { Status } from './status.ts';

const pollInterval = 2_000;

/** The board, updated every two seconds while the page is visible. */
export function LiveBoard({ initial }: { readonly initial: Status }): ReactNode {
  const [status, setStatus] = useState(initial);
  const [missedPolls, setMissedPolls] = useState(0);

  useEffect(() => {
    const unmounting = new AbortController();
    const poll = async (): Promise<void> => {
      if (document.hidden) return;
      try {
        const response = await fetch('/status/live', { signal: unmounting.signal, cache: 'no-store' });
        if (!response.ok) throw new Error(`status ${response.status}`);
        setStatus((await response.json()) as Status); // sent by the same program
        setMissedPolls(0);
      } catch {
        if (!unmounting.signal.aborted) setMissedPolls((missed) => missed + 1);
      }
    };
    const timer = setInterval(() => void poll(), pollInterval);
    document.addEventListener('visibilitychange', () => void poll(), { signal: unmounting.signal });
    return () => {
      clearInterval(timer);
      unmounting.abort();
    };
  }, []);

  return <Board status={status} silentFor={missedPolls * pollInterval} />;
}
