import { constants } from 'node:os';
import type { Host } from '../host.ts';
import type { Child, ChildEnd } from './child.ts';

/**
 * Signals that are not forwarded: those that no process can receive, those of this process's own faults and children, those that stop
 * the whole job, and the one that V8's profiler uses.
 */
const keptSignals: ReadonlySet<string> = new Set(
  'KILL STOP CHLD CLD SEGV BUS FPE ILL ABRT IOT TRAP SYS EMT PIPE TSTP TTIN TTOU PROF VTALRM STKFLT UNUSED'
    .split(' ')
    .map((name) => `SIG${name}`),
);

/** Signals whose default action writes the memory of the process, and with it the secrets, to a file. */
const dumpingSignals: ReadonlySet<string> = new Set(
  'QUIT ILL TRAP ABRT IOT BUS FPE SEGV XCPU XFSZ SYS'.split(' ').map((name) => `SIG${name}`),
);

export interface SupervisorOptions {
  readonly host: Host;
  /** Starts the program with the current values. */
  readonly start: () => Child;
  /** How long the program may take to stop for a restart (ms). */
  readonly stopTimeout: number;
}

/** Runs a program, forwards signals to it, and restarts it on request. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #child: Child | undefined;
  /** Whether the program is being stopped for a restart. */
  #isRestarting = false;
  #cancelKill: () => void = () => {};

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Resolves to the exit code of the program, or ends this process with the signal that ended the program. */
  async run(): Promise<number> {
    const stopForwarding = this.#forwardSignals();
    let end: ChildEnd;
    try {
      do end = await this.#runOnce();
      while (this.#isRestarting);
    } finally {
      stopForwarding();
    }
    return 'code' in end ? end.code : this.#endWith(end.signal);
  }

  async #runOnce(): Promise<ChildEnd> {
    this.#isRestarting = false;
    this.#child = this.#options.start();
    const end = await this.#child.ended;
    this.#cancelKill();
    return end;
  }

  /** Stops the program and starts it again. */
  restart(): void {
    if (this.#isRestarting || this.#child === undefined) return;
    this.#isRestarting = true;
    this.#child.kill('SIGTERM');
    const { host, stopTimeout } = this.#options;
    this.#cancelKill = host.clock.setTimer(stopTimeout, () => this.#child?.kill('SIGKILL'));
  }

  #forwardSignals(): () => void {
    const { signals, hasTerminal } = this.#options.host;
    const listeners = Object.keys(constants.signals)
      .filter((name) => !keptSignals.has(name))
      .map((name) => {
        const signal = name as NodeJS.Signals; // the keys of the table are their names
        const listener = (): void => {
          if (endingSignals.has(signal)) this.#isRestarting = false;
          // The terminal sends the SIGINT of a Ctrl-C to the program too: a second one often means "at once".
          if (signal === 'SIGINT' && hasTerminal) return;
          this.#child?.kill(signal);
        };
        signals.on(signal, listener);
        return () => signals.off(signal, listener);
      });
    return () => {
      for (const remove of listeners) remove();
    };
  }

  /** Ends this process as the program ended, so that its parent sees the same. */
  async #endWith(signal: NodeJS.Signals): Promise<number> {
    const { signals, clock } = this.#options.host;
    const exitCode = 128 + constants.signals[signal];
    if (dumpingSignals.has(signal)) return exitCode;
    signals.raise(signal);
    // The first process of a container is not ended by its own signals.
    await new Promise<void>((resolve) => void clock.setTimer(raiseTimeout, resolve));
    return exitCode;
  }
}

const raiseTimeout = 100;
const endingSignals: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP']);
