import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { WorkersExceptionFilter, WorkersModule } from '@nestjs-workers/core';
import { WorkersOpenTelemetryModule } from '@nestjs-workers/core/opentelemetry';
import { DashboardModule } from '@nestjs-workers/dashboard';
import { OutboxModule, type Store } from '@nestjs-workers/outbox';
import { WorkflowsModule } from '@nestjs-workers/workflows';
import { CommandLine } from './command.line.js';
import { ContactSheetModule } from './contact-sheet/contact.sheet.module.js';
import { DrawingsModule } from './drawings/drawings.module.js';
import { GalleryModule } from './gallery/gallery.module.js';
import { IngestModule } from './ingest/ingest.module.js';
import { OrderWorkflow } from './orders/order.workflow.js';
import { OrdersModule } from './orders/orders.module.js';
import { OutputFolder } from './output/output.folder.js';
import { OutputModule } from './output/output.module.js';
import { PageModule } from './page/page.module.js';
import { Pulses } from './page/pulse.js';
import { ticketOf } from './pictures/picture.js';
import { STAGES } from './pipeline.js';
import { LeftInStore } from './run/left.in.store.js';
import { PhotoRun } from './run/photo.run.js';
import { preloaded } from './telemetry/preloaded.js';
import { TerminalModule } from './terminal/terminal.module.js';
import { ThumbnailsModule } from './thumbnails/thumbnails.module.js';

/**
 * The photo pipeline. Each arrow is a channel, each name a worker:
 *
 *   sketches -> Draw -> pictures -> Ingest -> originals -> Resize -> thumbnails -> Gallery
 *                                    |                       |
 *                                    +----> bad-pictures <---+ -> BadPicture        sheet-orders -> Sheet
 *
 * `thumbnails` is durable: what lies in it survives this process. All others are in memory.
 *
 * Beside it stands the workflow of the orders, with two durable channels of its own:
 *
 *   place, timers -> order.inputs -> OrderWorkflow -> order.effects -> OrderEffects -> order.inputs
 */
@Module({
  imports: [
    WorkersModule.forRoot({
      channels: [...STAGES.map(({ channel }) => channel), Pulses],
      shutdown: { deadline: '8s', abortGrace: '2s' },
      // No picture should fail because a laptop was busy with something else while it was looked at.
      guard: 'report',
      // Nor should the demo, while its threads and its process come up.
      isolates: { startupTimeout: '30s', execArgv: preloaded(process.execArgv) },
      // Whoever hears of a message that was lost learns which picture it was.
      redact: ticketOf,
    }),
    // Traces and metrics for whoever registers an SDK; without one it is silent.
    WorkersOpenTelemetryModule.forRoot(),
    DrawingsModule,
    IngestModule,
    ThumbnailsModule,
    GalleryModule,
    ContactSheetModule,
    WorkflowsModule.forRoot({ workflows: [OrderWorkflow] }),
    OrdersModule,
    PageModule,
    // Whoever comes in has passed LocalOnly, and may do as he likes with pictures of his own.
    DashboardModule.forRoot({ path: 'dashboard', guards: [], write: true, redact: (payload) => payload }),
    TerminalModule,
  ],
  providers: [PhotoRun, LeftInStore, { provide: APP_FILTER, useClass: WorkersExceptionFilter }],
})
export class DemoModule {
  static for(commandLine: CommandLine, folder: OutputFolder, store: Store): DynamicModule {
    return {
      module: DemoModule,
      // The tables of a demo are made wherever it runs.
      imports: [OutputModule.at(folder), OutboxModule.forRoot({ store, migrate: true })],
      providers: [{ provide: CommandLine, useValue: commandLine }],
    };
  }
}
