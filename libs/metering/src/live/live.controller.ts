import { fields } from '@taxameter/contracts';
import { defineRoute, Input, Route, type CallOf, type HijackableReply } from '@taxameter/platform';
import { Controller, Inject, Res } from '@nestjs/common';
import { z } from 'zod';
import { LiveUsage } from './live-usage.service.js';

export const streamUsage = defineRoute({
  method: 'GET',
  path: '/v1/usage/live',
  summary: 'Usage as it is counted (Server-Sent Events)',
  description:
    'Each second an event `usage` tells what was counted since the one before: `{ at, sincePreviousMs, calls, errors, sms }`, ' +
    'where errors are 4xx and 5xx answers and sms is without test mode. It is of the integrations that the caller may see, or of ' +
    'one of them. What is counted into a minute more than 5 minutes old is in no line, and lines that a client missed are ' +
    'not sent again: `GET /v1/usage` has the figures. A comment every 15 seconds keeps the connection alive; after 15 minutes ' +
    'the client has to connect again. A process holds 100 streams, 5 of one partner.',
  roles: ['ops', 'finance', 'partner'],
  query: z.object({ integrationId: fields.identifier(100).optional() }),
  responses: { 200: { description: 'The stream', contentType: 'text/event-stream' } },
});

@Controller()
export class LiveController {
  constructor(@Inject(LiveUsage) private readonly live: LiveUsage) {}

  @Route(streamUsage)
  async open(
    @Input() { query, actor }: CallOf<typeof streamUsage>,
    @Res() reply: HijackableReply,
  ): Promise<void> {
    await this.live.open(actor, query.integrationId ?? null, reply);
  }
}
