// @ts-check
export default {
  logger: { level: 'NONE', consoleLevel: 'NONE' },
};
