import { defineRoute, Input, Route, type CallOf, type HijackableReply } from '@taxameter/platform';
import { Controller, Inject, Res } from '@nestjs/common';
import { AlertStream } from './alert-stream.service.js';

export const streamAlerts = defineRoute({
  method: 'GET',
  path: '/v1/alerts/stream',
  summary: 'Alerts as they come (Server-Sent Events)',
  description:
    'Each event is named `breach` or `leak`, its id is the sequence of the alert, its data the alert as JSON. A client that comes ' +
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
    await this.stream.open(reply, Array.isArray(lastEventId) ? lastEventId[0] : lastEventId);
  }
}
