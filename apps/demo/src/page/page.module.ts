import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { ContactSheetModule } from '../contact-sheet/contact.sheet.module.js';
import { GalleryModule } from '../gallery/gallery.module.js';
import { OrdersModule } from '../orders/orders.module.js';
import { Feed } from './feed.js';
import { LocalOnly } from './local.only.js';
import { PageController } from './page.controller.js';
import { PageDocument } from './page.document.js';
import { Pulse } from './pulse.js';

@Module({
  imports: [ContactSheetModule, GalleryModule, OrdersModule],
  controllers: [PageController],
  providers: [Feed, PageDocument, Pulse],
})
export class PageModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(LocalOnly).forRoutes('{*everything}');
  }
}
