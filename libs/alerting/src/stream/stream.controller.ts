import { defineRoute, Input, Route, type CallOf } from '@taxameter/platform';
import { Controller, Inject, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { AlertStream } from './alert-stream.service.js';

/** What of Fastify's reply is needed to take the connection over. */
interface HijackableReply {
  hijack(): void;
  readonly raw: ServerResponse;
}

export const streamAlerts = defineRoute({
  method: 'GET',
  path: '/v1/alerts/stream',
  summary: 'Alerts as they come (Server-Sent Events)',
  description:
    'Each event is named `breach`, its id is the sequence of the alert, its data the alert as JSON. A client that comes ' +
    'back with `Last-Event-ID` is given every alert that changed since, in its newest state. A comment every 15 seconds ' +
    'keeps the connection alive; after 15 minutes the client has to connect again.',
  roles: ['ops'],
  responses: { 200: { description: 'The stream', contentType: 'text/event-stream' } },
});

@Controller()
export class StreamController {
  constructor(@Inject(AlertStream) private readonly stream: AlertStream) {}

  @Route(streamAlerts)
  async open(
    @Input() { request }: CallOf<typeof streamAlerts>,
    @Res() reply: HijackableReply,
  ): Promise<void> {
    const lastEventId = request.headers['last-event-id'];
    const seen = await this.stream.startFor(Array.isArray(lastEventId) ? lastEventId[0] : lastEventId);
    reply.hijack();
    this.stream.attach(reply.raw, seen);
  }
}
