import { Injectable, Module } from '@nestjs/common';
import { echo, measure, spin } from '../tasks.js';

/** What the handlers are injected with, as the services of an application would be. */
@Injectable()
export class Tasks {
  readonly echo = echo;
  readonly spin = spin;
  readonly measure = measure;
}

@Module({ providers: [Tasks], exports: [Tasks] })
export class TasksModule {}
