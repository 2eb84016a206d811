import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ChannelClosedError, WorkersStoppingError } from '@nestjs-workers/core';
import { type CommandLine, readCommandLine, USAGE, UsageError } from './command.line.js';
import { DemoModule } from './demo.module.js';
import { OutputFolder } from './output/output.folder.js';
import { freePort, LOOPBACK } from './port.js';
import { PhotoRun } from './run/photo.run.js';
import { storeIn } from './store/store.in.js';
import { Terminal } from './terminal/terminal.js';

async function main(commandLine: CommandLine): Promise<void> {
  const folder = await OutputFolder.open(commandLine.out);
  const store = await storeIn(folder, commandLine.databaseUrl);
  const app = await NestFactory.create<NestExpressApplication>(DemoModule.for(commandLine, folder, store), {
    logger: ['error', 'fatal'],
    forceCloseConnections: true,
  });
  app.disable('x-powered-by');
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  if (!commandLine.isServing) {
    await app.init();
    await app.get(PhotoRun).perform();
    return app.close();
  }
  const terminal = app.get(Terminal);
  await app.listen(await freePort(commandLine.port), LOOPBACK);
  terminal.print('', `  Watch it at ${await app.getUrl()}`, '');
  await app.get(PhotoRun).perform();
  terminal.print(`  Page            ${await app.getUrl()}   (drop pictures there; Ctrl+C ends)`);
  terminal.print(`  Dashboard       ${await app.getUrl()}/dashboard`, '');
}

// Whoever reads our lines may have read enough: `npm start | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  const asked = readCommandLine(process.argv.slice(2), process.env, process.stdout.isTTY);
  if (asked === 'help') console.log(USAGE);
  else await main(asked);
} catch (error) {
  // A run that was told to stop is no failure; the shutdown hooks end the process.
  const isStopping = error instanceof WorkersStoppingError || error instanceof ChannelClosedError;
  if (!isStopping) {
    console.error(error instanceof UsageError ? `${error.message}\n${USAGE}` : error);
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}
