import { createReadStream } from 'node:fs';
import {
  ConflictException,
  Controller,
  Delete,
  Get,
  Header,
  NotFoundException,
  Post,
  StreamableFile,
} from '@nestjs/common';
import { ContactSheet } from './contact.sheet.js';
import type { Sheet } from './sheet.worker.js';

@Controller('contact-sheet')
export class ContactSheetController {
  constructor(private readonly contactSheet: ContactSheet) {}

  /** Answers when the sheet is made; nothing to put on it is a 400, too many asking at once a 503. */
  @Post()
  renew(): Promise<Sheet> {
    return this.contactSheet.renew();
  }

  @Get()
  @Header('Cache-Control', 'no-cache')
  show(): StreamableFile {
    const { latest } = this.contactSheet;
    if (latest === undefined) throw new NotFoundException('There is no contact sheet yet.');
    return new StreamableFile(createReadStream(latest.path), { type: 'image/jpeg' });
  }

  /** For whoever wants to see what happens then: the next process is started by itself, and an order under way is tried again there. */
  @Delete('process')
  kill(): { readonly killed: number } {
    const killed = this.contactSheet.killProcess();
    if (killed === undefined) throw new ConflictException('It is dead already, and the next one is being started.');
    return { killed };
  }
}
