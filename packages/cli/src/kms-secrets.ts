#!/usr/bin/env node
import { enableCompileCache } from './compile-cache.ts';

enableCompileCache(process);
const { runProcess } = await import('./run-process.ts');
await runProcess(process);
