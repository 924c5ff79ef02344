// @ts-check
export { default } from './app.js';
