import type { NodeAddress } from './cluster.ts';

export interface PendingCommand {
  readonly reject: (error: unknown) => void;
  /** The node of a cluster that holds the key, as far as the client knows now. */
  readonly nodeOf: () => NodeAddress | undefined;
  cancelTimer: () => void;
  /** Its index in the list; -1 once it is settled. */
  index: number;
}

/** The commands without a response. An array, because a set whose members come and go keeps its old tables alive. */
export class PendingCommands {
  readonly #commands: PendingCommand[] = [];

  add(fields: Pick<PendingCommand, 'reject' | 'nodeOf'>): PendingCommand {
    const command: PendingCommand = { ...fields, cancelTimer: () => {}, index: this.#commands.length };
    this.#commands.push(command);
    return command;
  }

  has({ index }: PendingCommand): boolean {
    return index >= 0;
  }

  /** Does nothing if the command is settled. */
  remove(command: PendingCommand): void {
    const { index } = command;
    const last = index < 0 ? undefined : this.#commands.pop();
    if (last === undefined) return;
    command.cancelTimer();
    if (last !== command) {
      this.#commands[index] = last;
      last.index = index;
    }
    command.index = -1;
  }

  /** Rejects the command, unless it is settled. */
  reject(command: PendingCommand, error: unknown): void {
    this.remove(command);
    command.reject(error);
  }

  /** A copy, so that commands can be rejected meanwhile. */
  get all(): readonly PendingCommand[] {
    return [...this.#commands];
  }
}
