import { judgeSmsForeign } from './sms-foreign.js';
import { judgeSmsRepeat } from './sms-repeat.js';
import { judgeSmsSpike, smsAllowed } from './sms-spike.js';
import type { Rule } from './registry.js';

/** The rules about SMS; the registry lists them among the others. */

const ALWAYS_READ = ['time', 'data.integrationId', 'data.organizationId', 'data.testMode'];

export const SMS_RULES: readonly Rule[] = [
  {
    id: 'SMS_FOREIGN',
    title: { da: 'SMS til andre lande', en: 'SMS to other countries' },
    key: ['integration'],
    reads: 'smsSent',
    inputs: [...ALWAYS_READ, 'data.recipientCountry'],
    signals: 'smsHours',
    windowMinutes: (policy) => policy.rules.SMS_FOREIGN.windowMinutes,
    isMonotone: true,
    canCarry: (row) => row.foreignSms > 0,
    judge: judgeSmsForeign,
  },
  {
    id: 'SMS_REPEAT',
    title: { da: 'Samme SMS sendes igen og igen', en: 'The same SMS is sent again and again' },
    key: ['integration', 'agreement'],
    reads: 'smsSent',
    inputs: [...ALWAYS_READ, 'data.recipientHash', 'data.voucherGuid'],
    signals: 'smsMinutes',
    windowMinutes: (policy) => policy.rules.SMS_REPEAT.windowMinutes,
    isMonotone: true,
    judge: judgeSmsRepeat,
  },
  {
    id: 'SMS_SPIKE',
    title: { da: 'Usædvanligt mange SMS’er på en time', en: 'Unusually many SMS in an hour' },
    key: ['integration'],
    reads: 'smsSent',
    inputs: ALWAYS_READ,
    signals: 'smsHours',
    windowMinutes: (policy) => policy.rules.SMS_SPIKE.windowMinutes,
    isMonotone: false,
    // Each agreement may add to the sum.
    canCarry: (row) => row.sms > 0,
    limitAround: smsAllowed,
    judge: judgeSmsSpike,
  },
];
