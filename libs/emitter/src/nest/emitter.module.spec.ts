import { Controller, Get, Inject, Injectable, Module, Post, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { ApiCallEvent, SmsSentEvent } from '@taxameter/contracts';
import {
  removeFolders,
  restriction,
  startFeed,
  statusOf,
  temporaryFolder,
  until,
} from '../emitter.testing.js';
import { Emitter } from '../emitter.service.js';
import { startDoor } from '../send/door.testing.js';
import { EmitterModule } from './emitter.module.js';

@Injectable()
class Guard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; user?: unknown }>();
    request.user = { clientId: request.headers['authorization'] };
    return request.headers['authorization'] !== undefined;
  }
}

@Controller('v1/:organizationId')
@UseGuards(Guard)
class Contacts {
  constructor(@Inject(Emitter) private readonly emitter: Emitter) {}

  @Get('contacts/:guid')
  one() {
    return { name: 'Ole' };
  }

  @Post('sms/:voucherGuid/send-sms')
  async send() {
    const messageId = await this.emitter.emitSms({
      integrationId: 'isv_a',
      organizationId: '1',
      channel: 'send_sms',
      recipient: '+4520123456',
      encoding: 'GSM7',
      characters: 20,
      segments: 1,
    });
    return { messageId };
  }
}

afterAll(removeFolders);

describe.each([
  ['Fastify', () => new FastifyAdapter()],
  ['Express', () => new ExpressAdapter()],
] as const)('an API on Nest over %s', (_name, adapter) => {
  it('emits what guards refuse as well and what it cannot be told to ignore, honours restrictions after guards, and sends SMS', async () => {
    const door = await startDoor();
    const feed = await startFeed();
    @Module({
      imports: [
        EmitterModule.forRoot({
          settings: {
            url: door.door.url,
            token: 'a-token',
            source: '/gateway/test',
            directory: temporaryFolder(),
            hashKey: 'a key of sixteen characters',
            feed: { token: 'b-token', gateway: 'test', url: feed.url },
            flushMs: 10,
            sendMs: 10,
          },
          identify: ({ user }) =>
            user === undefined
              ? null
              : { integrationId: (user as { clientId?: string }).clientId ?? 'unknown' },
          ignore: ({ url }) => {
            if (url.includes('/nothing')) throw new Error('broken');
            return url.includes('/health');
          },
        }),
      ],
      controllers: [Contacts],
      providers: [Guard],
    })
    class Api {}
    const app: INestApplication = await NestFactory.create(Api, adapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const call = (path: string, init: RequestInit = {}) =>
      fetch(url + path, { ...init, headers: { authorization: 'isv_a' } });

    await call('/v1/1/contacts/77');
    await fetch(`${url}/v1/1/contacts/77`);
    await call('/v1/1/nothing');
    await call('/health');
    const { messageId } = (await (await call('/v1/1/sms/7/send-sms', { method: 'POST' })).json()) as {
      messageId: string;
    };
    feed.publish(statusOf([restriction({ mode: 'throttle', limitPerMinute: 1, capability: 'sms' })]));
    await until(() => app.get(Emitter).stats().feed?.revision === 2);
    const answers = [];
    for (const _ of [1, 2]) answers.push(await call('/v1/1/sms/7/send-sms', { method: 'POST' }));
    expect(answers.map(({ status }) => status)).toEqual([201, 429]);
    expect(answers[1]!.headers.get('content-type')).toContain('application/problem+json');
    expect(answers[1]!.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await answers[1]!.json()).toMatchObject({ restrictionId: 'rst_1', status: 429 });

    await until(() => door.events.length === 8);
    const events = door.events as (ApiCallEvent | SmsSentEvent)[];
    const calls = events.filter((event): event is ApiCallEvent => event.type.includes('api_call'));
    expect(calls.map(({ data }) => [data.status, data.route, data.enforced])).toEqual([
      [200, '/v1/{organizationId}/contacts/{guid}', 'none'],
      [403, '/v1/{organizationId}/contacts/{guid}', 'none'],
      [404, '/{unmatched}', 'none'],
      [201, '/v1/{organizationId}/sms/{voucherGuid}/send-sms', 'none'],
      [201, '/v1/{organizationId}/sms/{voucherGuid}/send-sms', 'none'],
      [429, '/v1/{organizationId}/sms/{voucherGuid}/send-sms', 'throttle'],
    ]);
    expect(app.get(Emitter).stats().skipped).toBe(1);
    expect(messageId).toMatch(/^sms_[0-9a-f]{32}$/);
    expect(events.map(({ id }) => id)).toContain(messageId);
    await app.close();
    await Promise.all([door.stop(), feed.stop()]);
  });
});
