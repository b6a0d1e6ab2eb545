import nodemailer from 'nodemailer';
import { z } from 'zod';
import type { Channel, ChannelAnswer, Outgoing } from './delivery-worker.service.js';

/** Mail by SMTP (RFC 5321), each on a connection of its own, so that a server that hangs holds up nothing else. */

/** What a mail says, as it is put in with the delivery. */
const mailSchema = z.object({ subject: z.string(), text: z.string(), html: z.string() });
export type Mail = z.output<typeof mailSchema>;

export interface MailOptions {
  /** `SMTP_URL`: `smtp://` with STARTTLS where the server offers it, `smtps://` with TLS from the start. */
  readonly smtpUrl: string;
  /** `MAIL_FROM` */
  readonly from: string;
  /** The address of a target as it is now; null when it wants nothing any more. */
  readonly addressOf: (target: string) => Promise<string | null>;
}

/** What people see as the sender's name. */
const SENDER = 'Taxameter';
/** Above the time limit of a delivery, whose signal ends the connection: for a process that gets no signal. */
const TIMEOUT_MS = 20_000;
const IMPLICIT_TLS_PORT = 465;
const SUBMISSION_PORT = 587;

/** The payload of a delivery by mail. */
export function mailPayload(mail: Mail): string {
  return JSON.stringify(mail);
}

export function mailChannel(options: MailOptions): Channel {
  const transport = nodemailer.createTransport(smtpSettings(options.smtpUrl));
  return {
    async send(outgoing, signal) {
      const address = await options.addressOf(outgoing.target);
      if (address === null) return answer('gone', null, 'the target wants nothing any more');
      try {
        const { response } = await transport.sendMail({ ...message(options, outgoing, address), signal });
        return answer('delivered', statusOf(response), 'accepted');
      } catch (error) {
        return failed(error);
      }
    },
  };
}

function message({ from }: MailOptions, { id, payload }: Outgoing, address: string) {
  const { subject, text, html } = mailSchema.parse(JSON.parse(payload));
  return {
    // As parts, not as text: an address that is parsed again could turn into two.
    from: { name: SENDER, address: from },
    to: { name: '', address },
    // The same on every attempt: a mailbox that already has it drops the second.
    messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    subject: oneLine(subject),
    text,
    html,
    // RFC 3834: nobody's out-of-office notice answers.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function smtpSettings(smtpUrl: string) {
  const url = new URL(smtpUrl);
  const isTls = url.protocol === 'smtps:';
  const user = decodeURIComponent(url.username);
  return {
    host: url.hostname,
    port: Number(url.port) || (isTls ? IMPLICIT_TLS_PORT : SUBMISSION_PORT),
    secure: isTls,
    // A password never travels in the clear.
    requireTLS: user !== '',
    ...(user !== '' && { auth: { user, pass: decodeURIComponent(url.password) } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    socketCloseTimeout: 0,
  };
}

/** Also a refusal for good is tried again: a relay that is set up wrongly refuses everybody, and is mended. */
function failed(error: unknown): ChannelAnswer {
  const { message: said, responseCode } = error as Error & { responseCode?: number };
  return answer('retry', responseCode ?? null, said);
}

function statusOf(response: string): number | null {
  const [code] = /^\d{3}/.exec(response) ?? [];
  return code === undefined ? null : Number(code);
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ');
}

function answer(outcome: ChannelAnswer['outcome'], status: number | null, detail: string): ChannelAnswer {
  return { outcome, status, detail, retryAfterMs: null };
}
