import { hash } from 'node:crypto';
import type { CloudEvent } from '@taxameter/contracts';
import { canonicalBody } from './canonical-body.js';

/**
 * By which two bodies are told apart: the first 128 bits of SHA-256 as hex. It fits PostgreSQL's uuid, half the size of text, and no
 * two of 10^12 bodies meet.
 */
export function hashOfBody(event: CloudEvent): string {
  return hash('sha256', canonicalBody(event)).slice(0, 32);
}
