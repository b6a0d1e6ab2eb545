import { Controller, Inject } from '@nestjs/common';
import { Input, Route, type CallOf } from '../http/route.decorator.js';
import { decideGap, listConsumers } from './consumer-routes.js';
import { Consumers } from './consumers.service.js';

@Controller()
export class ConsumersController {
  constructor(@Inject(Consumers) private readonly consumers: Consumers) {}

  @Route(listConsumers)
  async list() {
    return { items: await this.consumers.list() };
  }

  @Route(decideGap)
  decide(@Input() call: CallOf<typeof decideGap>) {
    return this.consumers.decide(call);
  }
}
