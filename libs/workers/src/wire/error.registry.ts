import { ConfigurationError } from '../option.table.js';

/** A class of errors. Its constructor is never called: an error that arrives was made on the other side. */
export type ErrorClass = abstract new (...args: never[]) => Error;

const LANGUAGE = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError];

/** The errors that come with the language and with Node, by name. */
export const BUILT_INS: ReadonlyMap<string, ErrorClass> = new Map<string, ErrorClass>(
  [...LANGUAGE, DOMException as unknown as ErrorClass].map((type) => [type.name, type]),
);

/**
 * The classes as which errors arrive: those given, and the built-in ones. An error of a class that is not here arrives as the nearest of
 * its classes that is, and keeps its name.
 *
 * Classes are known by their names, so a bundler that renames them must do so alike on both sides.
 *
 * @throws ConfigurationError when two classes have one name
 */
export class ErrorRegistry {
  private readonly classes = new Map(BUILT_INS);

  constructor(classes: readonly ErrorClass[] = []) {
    for (const type of classes) this.add(type);
  }

  /** The first of `names`, the nearest first, that is known. */
  find(names: readonly string[]): ErrorClass {
    for (const name of names) {
      const type = this.classes.get(name);
      if (type !== undefined) return type;
    }
    return Error;
  }

  private add(type: ErrorClass): void {
    const known = this.classes.get(type.name);
    if (known !== undefined && known !== type) {
      const whose = BUILT_INS.has(type.name) ? 'a built-in error' : 'another error class';
      throw new ConfigurationError([
        `errors: "${type.name}" is the name of ${whose} too, and errors cross by name. Rename the class, or leave it out.`,
      ]);
    }
    this.classes.set(type.name, type);
  }
}

export const BUILT_IN_ERRORS = new ErrorRegistry();
