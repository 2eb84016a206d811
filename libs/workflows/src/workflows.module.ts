import { ConfigurableModuleBuilder, type DynamicModule, Module, type Provider } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { ConfigurationError, WorkersModule } from '@nestjs-workers/core';
import { isIsolate, premisesAround, WorkerDiscovery } from '@nestjs-workers/core/extension';
import { durable, Outbox } from '@nestjs-workers/outbox';
import { OutboxHouse } from '@nestjs-workers/outbox/extension';
import { effectsOf, inputsOf } from './decider/blueprint.js';
import { recordOf, type WorkflowRecord } from './decider/workflow.decorator.js';
import type { WorkflowClass } from './decider/workflow.js';
import type { WorkflowOptions } from './decider/workflow.options.js';
import { inputsWorker } from './inputs/inputs.decorator.js';
import type { ProjectionHandler } from './projection/projection.js';
import { PROJECTION_METADATA, type ProjectionRecord } from './projection/projection.decorator.js';
import { type FoundProjection, Projections } from './projection/projections.js';
import { WorkflowsHouse } from './workflows.house.js';
import type { WorkflowsModuleExtras, WorkflowsModuleOptions } from './workflows.options.js';
import { Workflows } from './workflows.service.js';
import { workflowStoreOn } from './workflows.stores.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<WorkflowsModuleOptions>({ moduleName: 'Workflows' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createWorkflowsOptions')
    .setExtras<WorkflowsModuleExtras>({ workflows: [], isGlobal: true }, (definition) => definition)
    .build();

/** The injection token of the module's options. */
export const WORKFLOWS_MODULE_OPTIONS = MODULE_OPTIONS_TOKEN;

/** For `forRootAsync({ useClass })`. */
export interface WorkflowsOptionsFactory {
  createWorkflowsOptions(): WorkflowsModuleOptions | Promise<WorkflowsModuleOptions>;
}

/** The workflows that a module named, as they lie in the container. */
class NamedWorkflows {
  constructor(readonly workflows: readonly unknown[]) {}
}

const NAMED = Symbol('nestjs-workers:named-workflows');

/**
 * Gives the application its workflows. Imported once, beside `WorkersModule.forRoot()` and `OutboxModule.forRoot()`, on whose store they
 * stand.
 *
 * Each workflow brings two durable channels, `<name>.effects` and `<name>.inputs`. Classes with `@Effects` and `@Projection` are ordinary
 * providers of ordinary modules and are found there.
 */
@Module({})
export class WorkflowsModule extends ConfigurableModuleClass {
  /**
   * Registers the application's workflows.
   *
   * @param options see `WorkflowsModuleOptions`; `workflows` names the classes, `isGlobal` (default true) makes `Workflows` injectable
   * everywhere. Checked when the application starts.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return isIsolate() ? AT_REST : furnished(super.forRoot(options), options);
  }

  /** The same with options from a factory. `workflows` and `isGlobal` stand beside the factory. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return isIsolate() ? AT_REST : furnished(super.forRootAsync(options), options);
  }

  /** Names the workflows of a feature module. It needs a global `forRoot`. */
  static forFeature({ workflows }: { readonly workflows: readonly WorkflowClass[] }): DynamicModule {
    return isIsolate() ? AT_REST : { module: WorkflowsFeatureModule, ...roomsOf(workflows) };
  }
}

/** What it is inside a thread or process: nothing; a handler of effects there returns its input. */
@Module({})
class WorkflowsAtRestModule {}

const AT_REST: DynamicModule = { module: WorkflowsAtRestModule };

/** Holds what `forFeature` names. */
@Module({})
class WorkflowsFeatureModule {}

function furnished(
  definition: DynamicModule,
  { workflows = [], isGlobal = true }: WorkflowsModuleExtras,
): DynamicModule {
  const { imports, providers } = roomsOf(workflows);
  return {
    ...definition,
    global: isGlobal,
    imports: [...(definition.imports ?? []), ...imports],
    providers: [...(definition.providers ?? []), ...providers, ...HALL],
    exports: [WORKFLOWS_MODULE_OPTIONS, WorkflowsHouse, Workflows, Projections],
  };
}

const NO_OUTBOX =
  'WorkflowsModule stands on the store of OutboxModule, and there is none. Import OutboxModule.forRoot({ store }) beside WorkersModule.forRoot().';

const HALL: Provider[] = [
  {
    provide: WorkflowsHouse,
    useFactory: async (options: object, outbox: OutboxHouse | undefined, modules: ModulesContainer) => {
      if (outbox === undefined) throw new ConfigurationError([NO_OUTBOX]);
      return houseAround(outbox, modules) ?? newHouse(options, outbox, modules);
    },
    inject: [WORKFLOWS_MODULE_OPTIONS, { token: OutboxHouse, optional: true }, ModulesContainer],
  },
  {
    provide: Workflows,
    useFactory: (house: WorkflowsHouse, outbox: Outbox) => new Workflows(house, outbox),
    // Without an outbox the house says what to do; Nest would only say that something is missing.
    inject: [WorkflowsHouse, { token: Outbox, optional: true }],
  },
  { provide: Projections, useFactory: (house: WorkflowsHouse) => house.projections, inject: [WorkflowsHouse] },
];

/** By the outbox that each stands on. */
const HOUSES = new WeakMap<OutboxHouse, WorkflowsHouse>();

/** The context of a handler that is kept in the application's process is a guest of its workflows, as of its outbox. */
function houseAround(outbox: OutboxHouse, modules: ModulesContainer): WorkflowsHouse | undefined {
  return premisesAround(modules) === undefined ? undefined : HOUSES.get(outbox);
}

/** @throws ConfigurationError with everything that is wrong */
async function newHouse(options: object, outbox: OutboxHouse, modules: ModulesContainer): Promise<WorkflowsHouse> {
  const store = await workflowStoreOn(outbox.store);
  const projections = projectionsIn(modules);
  const house = new WorkflowsHouse({ outbox, store, options, workflows: named(modules), projections });
  HOUSES.set(outbox, house);
  return house;
}

/** The rooms of these workflows. What is no workflow is refused by the house, with all else. */
function roomsOf(workflows: readonly unknown[]): { imports: DynamicModule[]; providers: Provider[] } {
  const known = workflows.filter((target) => recordOf(target) !== undefined) as WorkflowClass[];
  return {
    imports: [...new Set(known)].map(roomOf),
    providers: [{ provide: NAMED, useValue: new NamedWorkflows(workflows) }],
  };
}

/** The channels of one workflow and the worker of its inputs. */
@Module({})
class WorkflowRoomModule {}

/** One for each class: several modules may name it, and Nest knows a module that is imported twice by its object. */
const ROOMS = new WeakMap<WorkflowClass, DynamicModule>();

function roomOf(target: WorkflowClass): DynamicModule {
  const room = ROOMS.get(target) ?? newRoom(recordOf(target) as WorkflowRecord);
  ROOMS.set(target, room);
  return room;
}

function newRoom({ name, options }: WorkflowRecord): DynamicModule {
  const { effects = {}, inputs = {} } = options as WorkflowOptions;
  const channels = [durable(effectsOf(name), effects), durable(inputsOf(name), inputs)];
  const Worker = inputsWorker(name);
  const worker: Provider = {
    provide: Worker,
    // By the container and not by injection: the house may be in a module that is not global.
    useFactory: (container: ModuleRef) =>
      new Worker((id, input, origin) => {
        const house = container.get(WorkflowsHouse, { strict: false });
        return house.engine.execute(house.blueprint(name), id, input, origin);
      }),
    inject: [ModuleRef],
  };
  return { module: WorkflowRoomModule, imports: [WorkersModule.forFeature({ channels })], providers: [worker] };
}

function named(modules: ModulesContainer): unknown[] {
  return [...modules.values()].flatMap((module) => {
    const instance: unknown = module.providers.get(NAMED)?.instance;
    return instance instanceof NamedWorkflows ? instance.workflows : [];
  });
}

function projectionsIn(modules: ModulesContainer): FoundProjection[] {
  return new WorkerDiscovery(modules).classes(PROJECTION_METADATA).map(({ target, record, scope, instance }) => ({
    className: target.name,
    record: record as ProjectionRecord,
    handler: () => instance() as ProjectionHandler,
    isStatic: scope === 'static',
  }));
}
