import { server } from '../fake-kms/server.ts';
export const servesTheOldValue = server;
