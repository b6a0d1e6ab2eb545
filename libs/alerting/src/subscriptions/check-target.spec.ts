import { targetFaults, type Target } from './check-target.js';

const url = 'https://example.com/hook';
const email = 'vagt@example.com';

describe('a target', () => {
  it.each<[Target, boolean, string[]]>([
    [{ channel: 'webhook', url, email: null }, false, []],
    [{ channel: 'email', url: null, email }, true, []],
    [{ channel: 'webhook', url: null, email: null }, true, ['url target_missing']],
    [{ channel: 'webhook', url, email }, true, ['email target_of_other_channel']],
    [{ channel: 'email', url, email: null }, true, ['email target_missing', 'url target_of_other_channel']],
    [{ channel: 'email', url: null, email }, false, ['channel no_mail_server']],
  ])('%j, where mail can be sent: %s, has the faults %j', (target, hasMail, faults) => {
    expect(targetFaults(target, hasMail).map(({ field, rule }) => `${field} ${rule}`)).toEqual(faults);
  });
});
