import { nextRows } from './support/next-rows.ts';

nextRows({ major: 15, starter: '15.5.28' });
