/**
 * Tasks that run once. A task is added and removed in constant time.
 *
 * It is an array instead of a `Set`, because V8 does not free the outgrown tables of a long-lived `Set` before the next full
 * collection, and these tables keep alive what was in flight when they were outgrown.
 */
export class TaskList {
  #tasks: Task[] = [];

  /** The same function added twice counts as two tasks. */
  add(run: () => void): Task {
    const task = new Task(run, this, this.#tasks.length);
    // The first push would make room for 17 tasks. Most lists get one.
    if (this.#tasks.length === 0) this.#tasks = [task];
    else this.#tasks.push(task);
    return task;
  }

  /** Runs the tasks and removes them. A task that an earlier one removes does not run. */
  runAll(): void {
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) {
      if (task.index === removed) continue;
      task.index = removed;
      task.run();
    }
  }

  /** @internal */
  remove(task: Task): void {
    const { index } = task;
    task.index = removed;
    // Tasks of `runAll` are in no list.
    if (this.#tasks[index] !== task) return;
    const last = this.#tasks.pop();
    if (last === undefined || last === task) return;
    this.#tasks[index] = last;
    last.index = index;
  }
}

/** A task in a list: an object instead of a function that removes it, which would be two more objects for each task. */
export class Task {
  readonly run: () => void;
  /** The position in the list, or `removed`. */
  index: number;
  readonly #list: TaskList;

  constructor(run: () => void, list: TaskList, index: number) {
    this.run = run;
    this.#list = list;
    this.index = index;
  }

  /** The task does not run any more. */
  remove(): void {
    this.#list.remove(this);
  }
}

const removed = -1;
