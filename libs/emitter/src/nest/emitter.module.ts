import { HttpException, Inject, Module } from '@nestjs/common';
import type {
  CallHandler,
  DynamicModule,
  ExecutionContext,
  NestInterceptor,
  OnApplicationShutdown,
} from '@nestjs/common';
import { APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import type { Request, Response } from 'express';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, Details } from '../calls/write-call.js';
import { enforce, isIgnored } from '../calls/observe.service.js';
import type { HookSettings } from '../calls/observe.service.js';
import { Emitter, startEmitter } from '../emitter.service.js';
import { expressPathOf, expressRouteOf, observeExpress } from '../express/middleware.service.js';
import { fastifyPathOf, fastifyRouteOf, observeFastify } from '../fastify/plugin.service.js';
import type { EmitterSettings } from '../settings.js';

/** The module of Nest, on Fastify or Express: hooks of the adapter see every answer, an interceptor after all guards honours restrictions. */

/** A request of the adapter, with what guards have put on it. */
export type NestRequest = (FastifyRequest | Request) & { readonly user?: unknown };

export interface NestEmitterOptions {
  readonly settings: EmitterSettings;
  readonly identify: (request: NestRequest) => Caller | null;
  readonly describe?: (request: NestRequest) => Details;
  readonly ignore?: (request: NestRequest) => boolean;
}

const HOOKS = Symbol('hooks of the emitter');
type Hooks = HookSettings<NestRequest>;

/** `EmitterModule.forRoot({ settings, identify })` in the root module; `Emitter` can then be injected anywhere. */
@Module({})
export class EmitterModule implements OnApplicationShutdown {
  constructor(
    @Inject(HOOKS) private readonly hooks: Hooks,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    const { httpAdapter } = host;
    // A context without HTTP emits SMS only. Here, before anything is listening, the adapter takes hooks for all its routes.
    if (httpAdapter?.getType() === 'fastify') {
      httpAdapter.getInstance<FastifyInstance>().addHook('onRequest', (request, reply, next) => {
        if (!isIgnored(hooks, request)) observeFastify(hooks, request, reply);
        next();
      });
    } else if (httpAdapter?.getType() === 'express') {
      httpAdapter.use((request: Request, response: Response, next: () => void) => {
        if (!isIgnored(hooks, request)) observeExpress(hooks, request, response);
        next();
      });
    }
  }

  static forRoot({ settings, ...options }: NestEmitterOptions): DynamicModule {
    return {
      module: EmitterModule,
      global: true,
      providers: [
        { provide: Emitter, useFactory: () => startEmitter(settings) },
        {
          provide: HOOKS,
          useFactory: (emitter: Emitter): Hooks => ({ ...options, emitter }),
          inject: [Emitter],
        },
        { provide: APP_INTERCEPTOR, useClass: HonourRestrictions },
      ],
      exports: [Emitter],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.hooks.emitter.close();
  }
}

/** Restrictions are honoured after guards, which know who calls. */
class HonourRestrictions implements NestInterceptor {
  constructor(
    @Inject(HOOKS) private readonly hooks: Hooks,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<NestRequest>();
    if (isIgnored(this.hooks, request)) return next.handle();
    const reply = context.switchToHttp().getResponse<FastifyReply | Response>();
    const raw = 'raw' in request ? request.raw : request;
    const pathOf = () => ('raw' in request ? fastifyPathOf(request) : expressPathOf(request));
    const routeOf = () => ('raw' in request ? fastifyRouteOf(request) : expressRouteOf(request, null));
    const response = 'raw' in reply ? reply.raw : reply;
    const { headers, refusal } = enforce(this.hooks, { request, raw, response }, pathOf, routeOf);
    for (const [name, value] of Object.entries(headers)) this.host.httpAdapter.setHeader(reply, name, value);
    if (refusal) throw new HttpException(refusal.body, refusal.status);
    return next.handle();
  }
}
