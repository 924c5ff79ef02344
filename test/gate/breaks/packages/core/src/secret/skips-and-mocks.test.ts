import { expect, test, vi } from 'vitest';

vi.mock('./secret.ts'); // breaks vitest(no-restricted-vi-methods): No module mocks
vi.doMock('./secret.ts'); // breaks vitest(no-restricted-vi-methods): No module mocks
vi.useFakeTimers(); // breaks vitest(no-restricted-vi-methods): FakeClock
test.only('one', () => { expect(1).toBe(1); }); // breaks vitest(no-focused-tests): focused
test.skip('none', () => { expect(1).toBe(1); }); // breaks vitest(no-disabled-tests): isabled
test.todo('later'); // breaks vitest(warn-todo): todo
