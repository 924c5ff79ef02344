import { NextResponse } from 'next/server';
import type { NextRequest } from 'next/server';

/** Responds with 400 to a path that cannot be decoded. Next would respond with 500. */
export function proxy({ nextUrl }: NextRequest): NextResponse {
  try {
    decodeURIComponent(nextUrl.pathname);
    return NextResponse.next();
  } catch {
    return NextResponse.json({ code: 'ERR_BAD_REQUEST' }, { status: 400 });
  }
}

export const config = { matcher: '/secrets/:path*' };
