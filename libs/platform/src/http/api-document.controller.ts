import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { defineRoute } from './route.js';
import { Route } from './route.decorator.js';

export const API_DOCUMENT = Symbol('API_DOCUMENT');

export const getApiDocument = defineRoute({
  method: 'GET',
  path: '/v1/openapi.json',
  summary: 'This description, OpenAPI 3.1',
  roles: 'public',
  responses: {
    200: {
      description: 'The document of the rooms that run in this process',
      schema: z.record(z.string(), z.unknown()),
    },
  },
});

@Controller()
export class ApiDocumentController {
  constructor(@Inject(API_DOCUMENT) private readonly document: Record<string, unknown>) {}

  @Route(getApiDocument)
  get(): Record<string, unknown> {
    return this.document;
  }
}
