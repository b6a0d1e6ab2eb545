import { isPublicAddress } from './public-address.js';

/** Decides whether a URL that somebody typed may be a webhook's target, before any name is resolved. */

export type UrlVerdict =
  | {
      readonly ok: true;
      readonly url: URL;
      /** The operator listed this host: it may be private, plain http and on any port. */
      readonly isAllowedHost: boolean;
    }
  /** `reason` is one sentence that can be shown to who typed it. */
  | { readonly ok: false; readonly reason: string };

const LONGEST_URL = 2_000;
const PORTS = new Set(['', '443', '8443']);
/** Names that resolve inside a network only (RFC 6761, 6762, 8375 and what clouds use). */
const INNER_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa)$/;

/**
 * @param allowedHosts hosts that may be reached although they are private, each `host` or `host:port`
 */
export function checkWebhookUrl(text: string, allowedHosts: readonly string[]): UrlVerdict {
  const refuse = (reason: string): UrlVerdict => ({ ok: false, reason });
  if (text.length > LONGEST_URL) return refuse(`a URL may have ${LONGEST_URL} characters`);
  // `new URL` drops tabs and line breaks silently and reads a backslash as a slash: what was typed is not what is reached.
  if (/[\s\\\p{Cc}]/u.test(text))
    return refuse('a URL may not hold blanks, backslashes or control characters');
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || url.hostname === '')
    return refuse('this is not an absolute URL such as https://example.com/hook');
  if (url.username !== '' || url.password !== '') {
    return refuse('a URL may not hold a user name or password: the signature proves the sender');
  }
  const isAllowedHost = allowedHosts.some((host) => host === url.hostname || host === url.host);
  if (isAllowedHost && (url.protocol === 'https:' || url.protocol === 'http:')) {
    return { ok: true, url, isAllowedHost };
  }
  if (url.protocol !== 'https:') return refuse('a webhook needs https');
  if (!PORTS.has(url.port)) return refuse('a webhook needs port 443 or 8443');
  const host = url.hostname.replace(/\.$/, '');
  const literal = addressOf(url);
  if (literal !== null) {
    return isPublicAddress(literal)
      ? { ok: true, url, isAllowedHost }
      : refuse('this address is not on the public internet');
  }
  if (!host.includes('.') || INNER_NAMES.test(host)) return refuse('this host is not on the public internet');
  return { ok: true, url, isAllowedHost };
}

/** The address when the host is one, canonical (`URL` has turned decimal, octal and short forms into it); else null. */
export function addressOf(url: URL): string | null {
  if (url.hostname.startsWith('[')) return url.hostname.slice(1, -1);
  return /^\d+\.\d+\.\d+\.\d+$/.test(url.hostname) ? url.hostname : null;
}
