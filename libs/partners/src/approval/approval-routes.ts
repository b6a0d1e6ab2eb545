/** The routes of approvals as values: who may call what, what goes in, what comes out. */
import { fields } from '@taxameter/contracts';
import { defineRoute, pageOf, pageQuery } from '@taxameter/platform';
import { z } from 'zod';
import { commandAnswer, commandFields } from '../change/command-body.js';
import { APPROVAL_STATES, approvalRequest, approvalState } from './approval.js';

const params = z.object({ approvalId: fields.identifier(64) });
const answer = approvalState.extend(commandAnswer);
const reason = fields.text(500).describe('for the audit');

export const postApproval = defineRoute({
  method: 'POST',
  path: '/v1/approvals',
  summary: 'Asks a second person to approve a block, a deactivation or a reactivation',
  description:
    'Refuses at once what the command itself would refuse. Nothing happens until another person approves, except that a ' +
    'temporary block begins at once and ends by itself after `APPROVAL_HOURS` unless it is approved.',
  roles: ['ops'],
  body: z.strictObject({
    integrationId: fields.identifier(100),
    request: approvalRequest,
    reason,
    version: commandFields.version.describe(
      'what the preview answered as `version`; 409 when something was changed since',
    ),
  }),
  command: true,
  responses: { 201: { description: 'The request, waiting', schema: answer } },
});

export const postApprovalApprove = defineRoute({
  method: 'POST',
  path: '/v1/approvals/:approvalId/approve',
  summary: 'Approves what another person has asked for: it is done at once',
  roles: ['ops'],
  params,
  body: z.strictObject({ reason, version: commandFields.version }),
  command: true,
  responses: { 200: { description: 'The request as it now is', schema: answer } },
});

export const postApprovalDecline = defineRoute({
  method: 'POST',
  path: '/v1/approvals/:approvalId/decline',
  summary: 'Declines what another person has asked for: a temporary block is lifted',
  roles: ['ops'],
  params,
  body: z.strictObject({ reason, version: commandFields.version }),
  command: true,
  responses: { 200: { description: 'The request as it now is', schema: answer } },
});

export const getApproval = defineRoute({
  method: 'GET',
  path: '/v1/approvals/:approvalId',
  summary: 'One request for approval',
  roles: ['ops'],
  params,
  responses: { 200: { description: 'The request', schema: approvalState } },
});

export const getApprovals = defineRoute({
  method: 'GET',
  path: '/v1/approvals',
  summary: 'Requests for approval, by id: the older ones first',
  description: 'With `state=pending`: what waits for a second person.',
  roles: ['ops'],
  query: z.object({
    ...pageQuery,
    state: z.enum(APPROVAL_STATES).optional(),
    integrationId: fields.identifier(100).optional(),
  }),
  responses: { 200: { description: 'A page of requests', schema: pageOf(approvalState) } },
});
