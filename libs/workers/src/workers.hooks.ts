import {
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { premisesAround } from './isolate/inside/home.js';
import { WorkersApplication } from './workers.application.js';

/**
 * Nest's life cycle, and nothing else: opened after every other module is, started after every other module has, stopped before any other.
 *
 * Nest calls the hooks of global modules first on the way up and last on the way down, the wrong way round for whoever works with the
 * others' providers. A module's distance from the root decides; ours is set below everybody's while Nest still instantiates.
 */
@Injectable()
export class WorkersHooks implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(WorkersApplication) private readonly application: WorkersApplication,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {
    for (const module of modules.values()) if (module.metatype === WorkersLifecycleModule) module.distance = -1;
  }

  /** In the context of a handler that is kept here the application is the one around it, and none of this module's to run. */
  private get isGuest(): boolean {
    return premisesAround(this.modules) !== undefined;
  }

  async onModuleInit(): Promise<void> {
    if (this.isGuest) return;
    this.application.listeners.takeUp(this.moduleRef);
    await this.application.examinePayloads();
    this.application.open();
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.isGuest || !this.application.options.autoStart) return;
    try {
      await this.application.start();
    } catch (error) {
      // What did start, threads and processes among it, would keep alive a process whose application never ran.
      await this.application.stop();
      throw error;
    }
  }

  async onModuleDestroy(): Promise<void> {
    if (!this.isGuest) await this.application.stop();
  }
}

/** A module of its own, so that its distance from the root can be its own. */
@Module({})
export class WorkersLifecycleModule {}
