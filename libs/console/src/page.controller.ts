import { Controller, Res } from '@nestjs/common';
import { defineRoute, Input, notFound, Route, type CallOf } from '@taxameter/platform';
import type { FastifyReply } from 'fastify';
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** Serves the page and its files, with a policy that allows nothing else. */

export const getPage = defineRoute({
  method: 'GET',
  path: '/',
  summary: 'The console',
  roles: 'public',
  responses: { 200: { description: 'The page', contentType: 'text/html' } },
});

export const getPartnerPage = defineRoute({
  method: 'GET',
  path: '/partnere/:partnerId',
  summary: 'The page of one partner',
  roles: 'public',
  params: z.object({ partnerId: z.string().max(64) }),
  responses: { 200: { description: 'The page', contentType: 'text/html' } },
});

export const getIntegrationPage = defineRoute({
  method: 'GET',
  path: '/integrationer/:integrationId',
  summary: 'The page of one integration',
  roles: 'public',
  params: z.object({ integrationId: z.string().max(100) }),
  responses: { 200: { description: 'The page', contentType: 'text/html' } },
});

export const getCasePage = defineRoute({
  method: 'GET',
  path: '/sager/:breachId',
  summary: 'The page of one breach case',
  roles: 'public',
  params: z.object({ breachId: z.string().max(64) }),
  responses: { 200: { description: 'The page', contentType: 'text/html' } },
});

export const getBackTestPage = defineRoute({
  method: 'GET',
  path: '/afproevning',
  summary: 'The page on which a policy is tried on the past',
  roles: 'public',
  responses: { 200: { description: 'The page', contentType: 'text/html' } },
});

export const getApplyPage = defineRoute({
  method: 'GET',
  path: '/ansoegning',
  summary: 'The page of applicants: the form, and how an application goes',
  roles: 'public',
  responses: { 200: { description: 'The page', contentType: 'text/html' } },
});

export const getAsset = defineRoute({
  method: 'GET',
  path: '/assets/:file',
  summary: 'A script or style of the console',
  roles: 'public',
  params: z.object({ file: z.string().max(100) }),
  responses: {
    200: { description: 'The file', contentType: 'text/javascript' },
    404: { description: 'The page has no such file' },
  },
});

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const FOLDER = new URL('../page/', import.meta.url);

@Controller()
export class PageController {
  /** Read once: a name that is not among them never reaches the file system. */
  private readonly files: ReadonlyMap<string, string> = new Map(
    readdirSync(FOLDER).map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')]),
  );

  @Route(getPage)
  page(@Res() reply: FastifyReply): void {
    this.send(reply, 'index.html');
  }

  /** The same for every partner: what it shows, it asks for itself, as the reader. */
  @Route(getPartnerPage)
  partnerPage(@Res() reply: FastifyReply): void {
    this.send(reply, 'partner.html');
  }

  @Route(getIntegrationPage)
  integrationPage(@Res() reply: FastifyReply): void {
    this.send(reply, 'integration.html');
  }

  @Route(getCasePage)
  casePage(@Res() reply: FastifyReply): void {
    this.send(reply, 'case.html');
  }

  @Route(getBackTestPage)
  backTestPage(@Res() reply: FastifyReply): void {
    this.send(reply, 'back-test.html');
  }

  @Route(getApplyPage)
  applyPage(@Res() reply: FastifyReply): void {
    this.send(reply, 'apply.html');
  }

  @Route(getAsset)
  asset(@Input() { params }: CallOf<typeof getAsset>, @Res() reply: FastifyReply): void {
    this.send(reply, params.file);
  }

  /** @throws Problem 404 when the page has no such file */
  private send(reply: FastifyReply, name: string): void {
    const contentType = CONTENT_TYPES[name.split('.').at(-1) ?? ''];
    const body = this.files.get(name);
    if (body === undefined || contentType === undefined) throw notFound(`file "${name}"`);
    void reply.headers(SECURITY_HEADERS).type(contentType).send(body);
  }
}
