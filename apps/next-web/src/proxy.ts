import { NextResponse } from 'next/server';
import type { NextRequest } from 'next/server';
import { statusAccess } from './status-access.ts';

/** Responds with 400 to a path that cannot be decoded, for which Next would respond with 500, and protects the status page. */
export function proxy({ nextUrl, headers }: NextRequest): NextResponse {
  try {
    decodeURIComponent(nextUrl.pathname);
  } catch {
    return NextResponse.json({ code: 'ERR_BAD_REQUEST' }, { status: 400 });
  }
  if (nextUrl.pathname.startsWith('/status') && statusAccess(headers.get('authorization')) === 'unauthorized') {
    const challenge = { 'www-authenticate': 'Basic realm="status"', 'cache-control': 'no-store' };
    return NextResponse.json({ code: 'ERR_UNAUTHORIZED' }, { status: 401, headers: challenge });
  }
  return NextResponse.next();
}

export const config = { matcher: ['/secrets/:path*', '/status/:path*'] };
