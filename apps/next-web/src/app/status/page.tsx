import { getSecretClient } from '@kms-secrets/next';
import type { Metadata } from 'next';
import { connection } from 'next/server';
import type { ReactNode } from 'react';
import { LiveBoard } from '../../status/live-board.tsx';
import { statusOf } from '../../status/status.ts';

export const metadata: Metadata = {
  title: 'Secrets',
  description: 'The secrets that this process holds, how old they are, and where they come from.',
};

/** For people: what the client does, as it happens. */
export default async function Page(): Promise<ReactNode> {
  await connection();
  return <LiveBoard first={statusOf(getSecretClient())} />;
}
