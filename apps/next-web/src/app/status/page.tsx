import { getSecretClient } from '@kms-secrets/next';
import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { notFound } from 'next/navigation';
import { connection } from 'next/server';
import type { ReactNode } from 'react';
import { statusAccess } from '../../status-access.ts';
import { LiveBoard } from '../../status/live-board.tsx';
import { statusOf } from '../../status/status.ts';

export const metadata: Metadata = {
  description: 'The secrets in memory of this process, their age, and the endpoints and stores behind them.',
};

export default async function Page(): Promise<ReactNode> {
  await connection();
  // Here too, so that no other way to this page goes past the proxy.
  if (statusAccess((await headers()).get('authorization')) !== 'allowed') notFound();
  return <LiveBoard initial={statusOf(getSecretClient())} />;
}
