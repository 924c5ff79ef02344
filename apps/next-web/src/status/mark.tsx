import type { ReactNode } from 'react';
import style from './mark.module.css';

export type Tone = 'ok' | 'degraded' | 'failing' | 'idle';

/** Each state has its own symbol and outline, so that it can be recognised without colours. */
const symbols: Readonly<Record<Tone, ReactNode>> = {
  ok: <path d="M4.5 8.4 7 10.8l4.6-5.3" />,
  degraded: <path d="M8 4.4v4.4M8 11.4v.2" />,
  failing: <path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" />,
  idle: <path d="M5 8h6" />,
};

const outlines: Readonly<Record<Tone, ReactNode>> = {
  ok: <circle cx="8" cy="8" r="7.25" />,
  degraded: <path d="M8 1.2 15.3 14a.9.9 0 0 1-.8 1.3H1.5A.9.9 0 0 1 .7 14L8 1.2Z" transform="translate(0 -.9)" />,
  failing: <path d="M5 .9h6L15.1 5v6L11 15.1H5L.9 11V5L5 .9Z" />,
  idle: <circle cx="8" cy="8" r="7.25" />,
};

export function Mark({ tone }: { readonly tone: Tone }): ReactNode {
  return (
    <svg className={style['mark']} data-tone={tone} viewBox="0 0 16 16" aria-hidden="true">
      <g className={style['outline']}>{outlines[tone]}</g>
      <g className={style['symbol']}>{symbols[tone]}</g>
    </svg>
  );
}

export function Tag({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }): ReactNode {
  return (
    <span className={style['tag']} data-tone={tone}>
      <Mark tone={tone} />
      {children}
    </span>
  );
}
