export { createPool } from 'mysql2'; // breaks eslint(no-restricted-imports): by the entry point of its name
