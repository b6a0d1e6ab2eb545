import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, Problem, type Call, type Clock } from '@taxameter/platform';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { admit } from './address-limit.js';

/** What stands before a route that everybody may call: no floods, and a secret in place of an account. */

const LIMIT = { count: 10, windowMs: 3_600_000 };
const MAX_BODY_BYTES = 128 * 1024;
const MAX_ADDRESSES = 10_000;

/** Applications of people without an account that nobody has looked at. Beyond it the door is shut: somebody is playing with us. */
export const MAX_UNREAD = 1_000;

@Injectable()
export class FrontDoor {
  /** By hash: an address is personal data, and the salt goes with the process. */
  private readonly visits = new Map<string, readonly number[]>();
  private readonly salt = randomBytes(16);

  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  /** @throws Problem 413 for a body that no application needs, 429 for the eleventh of an hour from one address */
  enter({ request }: Call): void {
    if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) {
      throw new Problem(413, 'too-large', `an application has at most ${MAX_BODY_BYTES} bytes`);
    }
    const address = createHash('sha256').update(this.salt).update(request.ip).digest('base64');
    const admission = admit(this.visits.get(address) ?? [], this.clock.now().getTime(), LIMIT);
    if (!admission.isAdmitted) throw tooMany(admission.retryAfterSec);
    this.visits.delete(address);
    this.visits.set(address, admission.visits);
    // The address that was away for longest is forgotten: the map must not grow with every visitor.
    const [longestAway] = this.visits.keys();
    if (this.visits.size > MAX_ADDRESSES && longestAway !== undefined) this.visits.delete(longestAway);
  }
}

export function tooMany(retryAfterSec: number): Problem {
  return new Problem(
    429,
    'too-many-applications',
    `there were too many applications: try again in ${retryAfterSec} seconds`,
    {},
    { 'retry-after': String(retryAfterSec) },
  );
}

/** A new secret of 256 random bits, of which only the hash is kept. */
export function newSecret(): { readonly secret: string; readonly hash: Buffer } {
  const secret = `app_${randomBytes(32).toString('base64url')}`;
  return { secret, hash: hashOf(secret) };
}

/** Whether a request carries the secret with this hash. */
export function carriesSecret({ request }: Call, hash: Buffer | null): boolean {
  const secret = /^Bearer ([!-~]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1];
  return secret !== undefined && hash !== null && timingSafeEqual(hashOf(secret), hash);
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
