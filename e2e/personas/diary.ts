import type { ApiCall, ApiCallEvent, SmsSent, SmsSentEvent } from '@taxameter/contracts';
import { randomOf, sampleApiCall, sampleSms, type Random } from '@taxameter/contracts/testing';

/** What one invented integration does, written down call by call. Pure: the same seed writes the same diary. */

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The day that all of them live: Thursday the 1st of October 2026, UTC. Reminders go out on a 1st. */
export const TODAY = Date.UTC(2026, 9, 1);

export type UsageEvent = ApiCallEvent | SmsSentEvent;

/** What changes from one call to the next. */
export type CallData = Partial<ApiCall>;

/** Chance that can be had again. */
export class Chance {
  private readonly next: Random;

  constructor(seed: number) {
    this.next = randomOf(seed);
  }

  /** A whole number, both ends possible. */
  between(least: number, most: number): number {
    return least + (this.next() % (most - least + 1));
  }

  /** Sixteen or more hexadecimal digits, of which no two are the same. */
  hex(digits = 16): string {
    let text = '';
    while (text.length < digits) text += this.next().toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }

  /** The first instant of a minute between two hours of today. */
  minuteOfToday(fromHour: number, toHour: number): number {
    return TODAY + this.between(fromHour * 60, toHour * 60 - 1) * MINUTE;
  }
}

export class Diary {
  readonly events: UsageEvent[] = [];
  readonly chance: Chance;
  /** The agreement that a call is on where none is named. */
  readonly agreement: string;

  constructor(
    readonly integrationId: string,
    private readonly seed: number,
  ) {
    this.chance = new Chance(seed);
    this.agreement = this.agreementNumber(0);
  }

  /** Agreements of one integration, none of which another has. */
  agreementNumber(number: number): string {
    return String(100_000_000 + this.seed * 1_000 + number);
  }

  /** A call that began at an instant: unless said otherwise a quick one with a bearer token, answered with 200. */
  call(atMs: number, data: CallData = {}): void {
    const id = `${this.integrationId}-${this.events.length}`;
    this.events.push(
      sampleApiCall(id, new Date(atMs).toISOString(), {
        integrationId: this.integrationId,
        organizationId: this.agreement,
        durationMs: this.chance.between(30, 120),
        authScheme: 'bearer',
        enforced: 'none',
        ...data,
      }),
    );
  }

  /**
   * So many calls in each of some minutes, evenly spread over it. A function gives each call its data, by its number from 0.
   * @param fromMs the first instant of a minute
   */
  evenly(
    fromMs: number,
    { minutes, perMinute }: { readonly minutes: number; readonly perMinute: number },
    data: CallData | ((index: number) => CallData) = {},
  ): void {
    const gapMs = MINUTE / perMinute;
    for (let index = 0; index < minutes * perMinute; index += 1) {
      const atMs = fromMs + Math.floor((index + 0.5) * gapMs);
      this.call(atMs, typeof data === 'function' ? data(index) : data);
    }
  }

  /** One call every so often, as long as the time lasts, each up to two seconds late as timers are. */
  every(
    gapMs: number,
    fromMs: number,
    lastsMs: number,
    data: CallData | ((index: number) => CallData),
  ): void {
    for (let index = 0; index * gapMs < lastsMs; index += 1) {
      const atMs = fromMs + index * gapMs + this.chance.between(0, 2 * SECOND);
      this.call(atMs, typeof data === 'function' ? data(index) : data);
    }
  }

  /** An SMS that the carrier accepted at an instant: unless said otherwise to a Danish number of its own, about an invoice of its own. */
  sms(atMs: number, data: Partial<SmsSent> = {}): void {
    const messageId = `${this.integrationId}-sms-${this.events.length}`;
    this.events.push(
      sampleSms(messageId, new Date(atMs).toISOString(), {
        integrationId: this.integrationId,
        organizationId: this.agreement,
        recipientHash: this.chance.hex(64),
        voucherGuid: this.voucher(),
        ...data,
      }),
    );
  }

  /** The guid of an invoice. */
  voucher(): string {
    const digits = this.chance.hex(32);
    const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20)];
    return [...parts, digits.slice(20)].join('-');
  }
}
