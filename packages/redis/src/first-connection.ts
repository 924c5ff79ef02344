/** The first connection of a client, with the module that it may have to load. */
export class FirstConnection {
  /** Pending until the client is ready, has failed or is closed. */
  readonly ended: Promise<void>;
  #end = (): void => {};

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  end(): void {
    this.#end();
  }
}
