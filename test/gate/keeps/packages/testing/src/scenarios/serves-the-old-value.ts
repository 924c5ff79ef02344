import { server } from '../fake-kms/server.ts';
export default server;
