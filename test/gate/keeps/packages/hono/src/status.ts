export const status = 503;
