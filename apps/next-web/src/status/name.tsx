import { Fragment } from 'react';
import type { ReactNode } from 'react';
import style from './board.module.css';

/** A name that wraps at its slashes first. */
export function Name({ children }: { readonly children: string }): ReactNode {
  const parts = children.split(/(?<=\/)/u);
  return (
    <span className={style['name']}>
      {parts.map((part, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </span>
  );
}
