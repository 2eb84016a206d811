import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WorkersStoppingError } from '@nestjs-workers/core';
import { type CommandLine, readCommandLine, USAGE, UsageError } from './command.line.js';
import { DemoModule } from './demo.module.js';
import { OutputFolder } from './output/output.folder.js';
import { freePort, LOOPBACK } from './port.js';
import { PhotoRun } from './run/photo.run.js';
import { Terminal } from './terminal/terminal.js';

async function main(commandLine: CommandLine): Promise<void> {
  const folder = await OutputFolder.open(commandLine.out);
  const app = await NestFactory.create<NestExpressApplication>(DemoModule.for(commandLine, folder), {
    logger: ['error', 'fatal'],
    forceCloseConnections: true,
  });
  app.disable('x-powered-by');
  app.enableShutdownHooks([], { useProcessExit: true });
  const terminal = app.get(Terminal);

  if (commandLine.isServing) await app.listen(await freePort(commandLine.port), LOOPBACK);
  else await app.init();
  await app.get(PhotoRun).perform();
  if (!commandLine.isServing) return app.close();
  terminal.print(`  Page            ${await app.getUrl()}   (drop pictures there; Ctrl+C ends)`, '');
}

try {
  const asked = readCommandLine(process.argv.slice(2), process.env, process.stdout.isTTY);
  if (asked === 'help') console.log(USAGE);
  else await main(asked);
} catch (error) {
  // A run that was told to stop is no failure; the shutdown hooks end the process.
  if (!(error instanceof WorkersStoppingError)) {
    console.error(error instanceof UsageError ? `${error.message}\n${USAGE}` : error);
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}
