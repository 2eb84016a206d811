import type { ModuleRef } from '@nestjs/core';
import type { WorkersError } from '@nestjs-workers/core';

/** A class, also one that is made by others alone. */
type ClassOf<Service> = abstract new (...args: never[]) => Service;

/**
 * What another package provides, in an application that may do without it: the package is loaded, and its service looked up over all
 * modules, when it is first asked for.
 */
export class Neighbour<Service extends object> {
  private found: Promise<Service | undefined> | undefined;

  /**
   * @param load loads the package, and gives the class of its service
   * @param absent says how to come by it
   */
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly load: () => Promise<ClassOf<Service>>,
    private readonly absent: new () => WorkersError,
  ) {}

  /** Undefined where there is none. */
  find(): Promise<Service | undefined> {
    this.found ??= this.load().then(
      (type) => this.provided(type),
      // Not installed: then there is none.
      () => undefined,
    );
    return this.found;
  }

  /** @throws (rejects) `absent` */
  async get(): Promise<Service> {
    const found = await this.find();
    if (found === undefined) throw new this.absent();
    return found;
  }

  private provided(type: ClassOf<Service>): Service | undefined {
    try {
      return this.moduleRef.get<Service>(type, { strict: false });
    } catch {
      return undefined;
    }
  }
}
