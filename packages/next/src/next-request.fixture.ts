/* oxlint-disable no-restricted-imports -- Next has no public way to run code in a request without its server. */
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import type { WorkStore } from 'next/dist/server/app-render/work-async-storage.external.js';
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import type { WorkUnitStore } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import { HeadersAdapter } from 'next/dist/server/web/spec-extension/adapters/headers.js';

export interface NextRequest {
  /** The type of what Next renders. Default: `request`. */
  readonly type?: 'request' | 'prerender-legacy' | 'prerender-runtime' | 'unstable-cache';
  readonly headers?: Readonly<Record<string, string>>;
  readonly forceStatic?: boolean;
  /** Its abort ends a prerender. */
  readonly renderSignal?: AbortSignal;
}

/** Runs `task` as Next runs a route: with its real `headers()` and `connection()`. They read only these fields of its storage. */
export function inNextRequest<Result>(
  task: () => Result,
  { type = 'request', headers = { host: 'shop.example' }, forceStatic = false, renderSignal }: NextRequest = {},
): Result {
  const work = { route: '/', forceStatic } as WorkStore;
  const unit = {
    type,
    phase: 'render',
    renderSignal,
    headers: HeadersAdapter.seal(new Headers(headers)),
  } as WorkUnitStore;
  return workAsyncStorage.run(work, () => workUnitAsyncStorage.run(unit, task));
}
