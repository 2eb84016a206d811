import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CommandBus, CommandHandler, CqrsModule, type ICommandHandler } from '@nestjs/cqrs';
import type { Answer, Job, Line, Setup } from '../line.js';

class Noop {
  constructor(readonly job: Job) {}
}

export async function open({ handler }: Setup): Promise<Line> {
  @CommandHandler(Noop)
  class NoopHandler implements ICommandHandler<Noop, Answer> {
    async execute({ job }: Noop): Promise<Answer> {
      return handler(job);
    }
  }

  @Module({ imports: [CqrsModule.forRoot()], providers: [NoopHandler] })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  await app.init();
  const commands = app.get(CommandBus);
  return {
    post: (job) => void commands.execute(new Noop(job)),
    put: (job) => void commands.execute(new Noop(job)),
    request: (job) => commands.execute(new Noop(job)),
    close: () => app.close(),
  };
}
