import { fileURLToPath } from 'node:url';

/** The committed inputs of the demo, found from the source tree and from the built command alike. */
const data = (name: string) => fileURLToPath(new URL(`../../../../demo/data/${name}`, import.meta.url));

export const DEMO = {
  /** All of it happens at this instant: after the third quarter's grace, 15 minutes after the log's last call. */
  clock: '2026-10-05T08:00:00Z',
  shiftLogTo: '2026-10-05T07:30:00Z',
  quarter: '2026-Q3',
  seed: data('seed.json'),
  accessLog: data('openstack-nova-api.log'),
  seller: data('seller.json'),
  smsEvents: data('sms-2026-q3.jsonl'),
} as const;
