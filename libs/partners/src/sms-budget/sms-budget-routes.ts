/** The routes of SMS budgets: what goes in and what comes out. */
import { fields, smsBudgetReached } from '@taxameter/contracts';
import { defineRoute } from '@taxameter/platform';
import { z } from 'zod';
import { commandAnswer, commandFields } from '../change/command-body.js';
import { restrictionState } from '../restriction/restriction.js';
import { smsBudgetState } from './sms-budget.js';

const params = z.object({ integrationId: fields.identifier(100) });
const path = '/v1/integrations/:integrationId/sms-budget';

export const putSmsBudget = defineRoute({
  method: 'PUT',
  path,
  summary: 'Sets an SMS budget for an integration of your own',
  description:
    'Counts SMS of the quarter (Danish time) that are not in test mode. With `stopsAtLimit`, SMS of the integration are refused from the ' +
    'moment at which the system has counted so many, until the quarter ends or the budget is raised; SMS that are sent in the seconds ' +
    'before go through, and are invoiced. All SMS of the integration in the quarter count, also those of an owner before. All other calls go on.',
  roles: ['partner'],
  params,
  body: z.strictObject({
    messagesPerQuarter: smsBudgetState.shape.messagesPerQuarter,
    stopsAtLimit: smsBudgetState.shape.stopsAtLimit
      .optional()
      .describe('left out: as it is; at first SMS are not stopped'),
    ...commandFields,
  }),
  command: true,
  responses: {
    200: { description: 'The budget as it now is', schema: smsBudgetState.extend(commandAnswer) },
  },
});

export const getSmsBudget = defineRoute({
  method: 'GET',
  path,
  summary: 'The SMS budget of an integration, and how far it is used up',
  roles: ['ops', 'finance', 'partner'],
  params,
  responses: {
    200: {
      description: 'The budget of the present owner',
      schema: z.object({
        budget: smsBudgetState.nullable().describe('null: none was ever set by the present owner'),
        reached: smsBudgetReached.schema.shape.data
          .nullable()
          .describe('when a share of it was last reached in this quarter; null: nothing is known yet'),
        stop: restrictionState.nullable().describe('the restriction by which a budget stops SMS now'),
      }),
    },
  },
});
