import type { CloudEvent } from '@taxameter/contracts';
import { canonicalBody } from './canonical-body.js';
import { hash128 } from './hash-128.service.js';

/** By which two bodies are told apart. */
export function hashOfBody(event: CloudEvent): string {
  return hash128(canonicalBody(event));
}
