import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../../libs/fair-use/src/policy/default-policy.js';
import type { CallData } from './diary.js';

/** The calls that integrations of an accounting platform make. */

const ROOT = '/v1/{organizationId}';
export const CONTACTS = `${ROOT}/contacts`;
export const INVOICES = `${ROOT}/invoices`;
/** Lists that can be asked for their changes only. */
export const LISTS = [CONTACTS, INVOICES, `${ROOT}/sales/creditnotes`, `${ROOT}/tradeoffers`];
/** A list that has no such filter. */
export const ACCOUNTS = `${ROOT}/accounts/entry`;

type Query = NonNullable<ApiCall['query']>;

/** A page of a list, as large as there are any. */
export function pageOf(route: string, query: Query = {}): CallData {
  return { route, operation: 'list', query: { page: 0, pageSize: defaultPolicy.maxPageSize, ...query } };
}

/** What has changed in a list since so many seconds ago. */
export function changesOf(route: string, ageSec: number, query: Query = {}): CallData {
  return pageOf(route, { hasChangesSince: true, changesSinceAgeSec: ageSec, ...query });
}

/** One entry of a list. */
export function itemOf(route: string, resourceHash: string): CallData {
  return { route: `${route}/{guid}`, operation: 'item', query: null, resourceHash };
}

export const WRITE: CallData = {
  method: 'POST',
  route: INVOICES,
  operation: 'write',
  query: null,
  requestBytes: 1_800,
};

export const SEND_SMS: CallData = {
  method: 'POST',
  route: `${ROOT}/sms/{voucherGuid}/send-sms`,
  operation: 'action',
  query: null,
};

/** A token is asked for at another address, on no customer's behalf. */
export const TOKEN: CallData = {
  method: 'POST',
  route: '/connect/token',
  operation: 'auth',
  organizationId: null,
  query: null,
};
