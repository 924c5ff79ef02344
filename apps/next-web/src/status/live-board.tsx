'use client';

import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { Board } from './board.tsx';
import type { Status } from './status.ts';

const every = 2_000;

/** The board, asking for itself again while somebody looks at it. */
export function LiveBoard({ first }: { readonly first: Status }): ReactNode {
  const [status, setStatus] = useState(first);
  const [missed, setMissed] = useState(0);

  useEffect(() => {
    const leaving = new AbortController();
    const ask = async (): Promise<void> => {
      if (document.hidden) return;
      try {
        const answer = await fetch('/status/live', { signal: leaving.signal, cache: 'no-store' });
        if (!answer.ok) throw new Error(`answered with ${answer.status}`);
        setStatus((await answer.json()) as Status); // by the same program
        setMissed(0);
      } catch {
        if (!leaving.signal.aborted) setMissed((times) => times + 1);
      }
    };
    const timer = setInterval(() => void ask(), every);
    document.addEventListener('visibilitychange', () => void ask(), { signal: leaving.signal });
    return () => {
      clearInterval(timer);
      leaving.abort();
    };
  }, []);

  return <Board status={status} lost={missed * every} />;
}
