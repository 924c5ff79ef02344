import { expect, test } from 'vitest';
import { TaskList } from './task-list.ts';
import type { Task } from './task-list.ts';

function setup(): { readonly tasks: TaskList; readonly runs: string[]; readonly add: (name: string) => Task } {
  const tasks = new TaskList();
  const runs: string[] = [];
  return { tasks, runs, add: (name) => tasks.add(() => void runs.push(name)) };
}

test('runs each task once', () => {
  const { tasks, runs, add } = setup();
  add('a');
  add('b');

  tasks.runAll();
  tasks.runAll();

  expect(runs).toEqual(['a', 'b']);
});

test('runs every task but those that were removed, in any order of removal', () => {
  const { tasks, runs, add } = setup();
  const [a, , c, , e] = ['a', 'b', 'c', 'd', 'e'].map(add);

  c?.remove();
  a?.remove();
  a?.remove();
  e?.remove();
  tasks.runAll();

  expect(runs.toSorted()).toEqual(['b', 'd']);
});

test('does not run a task that an earlier one removes', () => {
  const tasks = new TaskList();
  const runs: string[] = [];
  tasks.add(() => second.remove());
  const second = tasks.add(() => void runs.push('second'));
  tasks.add(() => void runs.push('third'));

  tasks.runAll();

  expect(runs).toEqual(['third']);
});

test('keeps a task that is added while the tasks run', () => {
  const { tasks, runs, add } = setup();
  tasks.add(() => void add('later'));

  tasks.runAll();
  expect(runs).toEqual([]);
  tasks.runAll();

  expect(runs).toEqual(['later']);
});

test('the same function added twice is two tasks', () => {
  const tasks = new TaskList();
  let runs = 0;
  const task = (): void => void (runs += 1);
  const first = tasks.add(task);
  tasks.add(task);

  first.remove();
  tasks.runAll();

  expect(runs).toBe(1);
});
