import { isSameRoute } from './route-template.js';

describe('two route templates', () => {
  it.each([
    ['the same text', '/v1/{a}/contacts', '/v1/{a}/contacts', true],
    ['other names of parameters', '/v1/{organizationId}/sms/{id}', '/v1/{org}/sms/{voucherGuid}', true],
    ['a slash at the end', '/v1/contacts/', '/v1/contacts', true],
    ['a parameter where the other has a word', '/v1/{id}', '/v1/contacts', false],
    ['a word where the other has a parameter', '/v1/contacts', '/v1/{id}', false],
    ['another word', '/v1/{id}/contacts', '/v1/{id}/invoices', false],
    ['another case, as templates are written by one hand', '/v1/Contacts', '/v1/contacts', false],
    ['a longer path', '/v1/{id}', '/v1/{id}/lines', false],
  ])('with %s: %s and %s → %s', (_title, one, other, expected) => {
    expect(isSameRoute(one, other)).toBe(expected);
  });
});
