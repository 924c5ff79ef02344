import { getSecretClient } from '@kms-secrets/next';
import type { Metadata } from 'next';
import { connection } from 'next/server';
import type { ReactNode } from 'react';
import { LiveBoard } from '../../status/live-board.tsx';
import { statusOf } from '../../status/status.ts';

export const metadata: Metadata = {
  description: 'The secrets in memory of this process, their age, and the endpoints and stores behind them.',
};

export default async function Page(): Promise<ReactNode> {
  await connection();
  return <LiveBoard initial={statusOf(getSecretClient())} />;
}
