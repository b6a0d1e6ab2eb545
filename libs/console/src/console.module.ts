import { Module } from '@nestjs/common';
import { PageController } from './page.controller.js';

/** The room of the web pages: it keeps nothing and asks the other rooms over their public API, as any client would. */
@Module({ controllers: [PageController] })
export class ConsoleModule {}
