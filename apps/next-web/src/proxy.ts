import { NextResponse } from 'next/server';
import type { NextRequest } from 'next/server';

/** A path that cannot be decoded is its caller's mistake; Next would answer that it is ours. */
export function proxy({ nextUrl }: NextRequest): NextResponse {
  try {
    decodeURIComponent(nextUrl.pathname);
    return NextResponse.next();
  } catch {
    return NextResponse.json({ code: 'ERR_BAD_REQUEST' }, { status: 400 });
  }
}

export const config = { matcher: '/secrets/:path*' };
