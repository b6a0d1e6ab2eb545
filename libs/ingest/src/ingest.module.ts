import { Module } from '@nestjs/common';
import { EventsController } from './events.controller.js';

/** The room that keeps nothing: events come in, are checked, and are in the log before it answers. */
@Module({ controllers: [EventsController] })
export class IngestModule {}
