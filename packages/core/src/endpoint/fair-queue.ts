interface Branch<Item> {
  readonly children: Map<string, Branch<Item>>;
  readonly items: Set<Item>;
  size: number;
}

/**
 * A queue that takes turns by name: between the first parts of the names, then between the second parts of those with the same first
 * part, and so on. Users of an app may be able to make up names, which usually begin with a text of the app (`tenants/…`). However
 * many of these wait, a name that begins with another text waits for one turn.
 */
export class FairQueue<Item> {
  readonly #root: Branch<Item> = newBranch();
  readonly #paths = new Map<Item, readonly string[]>();

  get size(): number {
    return this.#root.size;
  }

  /** Adds an item as the last one of its name. */
  add(item: Item, name: string): void {
    const path = [...name.split(/[^A-Za-z\d]+/u), ''];
    this.#paths.set(item, path);
    let branch = this.#root;
    branch.size += 1;
    for (const part of path) {
      const child = branch.children.get(part) ?? newBranch();
      branch.children.set(part, child);
      branch = child;
      branch.size += 1;
    }
    branch.items.add(item);
  }

  /** Removes an item. The next turn is that of another name. */
  delete(item: Item): void {
    const path = this.#paths.get(item);
    if (path === undefined) return;
    this.#paths.delete(item);
    removeFrom(this.#root, path, item);
  }

  /** The item whose turn it is. */
  first(): Item | undefined {
    let branch = this.#root;
    for (;;) {
      const [child] = branch.children.values();
      if (child === undefined) break;
      branch = child;
    }
    const [item] = branch.items;
    return item;
  }

  /** The last item of the branch with the most items: the one to drop if there are too many. */
  surplus(): Item | undefined {
    let branch = this.#root;
    while (branch.children.size > 0) {
      branch = [...branch.children.values()].reduce((largest, child) => (child.size >= largest.size ? child : largest));
    }
    return [...branch.items].at(-1);
  }
}

function newBranch<Item>(): Branch<Item> {
  return { children: new Map(), items: new Set(), size: 0 };
}

/** Moves the branches of the path behind their siblings. */
function removeFrom<Item>(branch: Branch<Item>, [part, ...rest]: readonly string[], item: Item): void {
  branch.size -= 1;
  branch.items.delete(item);
  const child = part === undefined ? undefined : branch.children.get(part);
  if (part === undefined || child === undefined) return;
  removeFrom(child, rest, item);
  branch.children.delete(part);
  if (child.size > 0) branch.children.set(part, child);
}
