/** The program was called wrongly; nothing was touched. Its message says what was expected, what was found and what to do. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** The words behind the program's name whose help has more to say. */
    readonly place: readonly string[] = [],
  ) {
    super(message);
    this.name = new.target.name;
  }
}
