import { nextRows } from './support/next-rows.ts';

nextRows({ major: 16, starter: '16.4.3' });
