export { Pool } from 'pg'; // breaks eslint(no-restricted-imports): by the entry point of its name
