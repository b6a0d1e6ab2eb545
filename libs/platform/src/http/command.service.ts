import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import { withActor } from '../database/with-actor.service.js';
import { Problem } from './problem.js';
import type { Call } from './route.decorator.js';

/**
 * Runs a command in one transaction as its actor. With an `Idempotency-Key` the answer is stored in that transaction: the
 * same key and request give the first answer again, also when both arrive at once (the second waits for the first).
 * @throws Problem 422 when the key was used for another request
 */
export async function runCommand<Answer extends object>(
  database: DataSource,
  call: Call,
  clock: Clock,
  work: (tx: EntityManager) => Promise<Answer>,
): Promise<Answer> {
  return withActor(database, call.actor, async (tx) => {
    const key = call.idempotencyKey;
    if (key === null) return work(tx);
    const requestHash = createHash('sha256')
      .update(JSON.stringify([call.params, call.query, call.body]))
      .digest('hex');
    const taken = await tx.query<unknown[]>(
      `insert into idempotency_key (actor, route, key, request_hash, created_at) values ($1, $2, $3, $4, $5)
       on conflict do nothing returning key`,
      [call.actor.id, call.route, key, requestHash, clock.now()],
    );
    const identity = [call.actor.id, call.route, key];
    if (taken.length === 0) {
      const [known] = await tx.query<{ request_hash: string; answer: Answer }[]>(
        'select request_hash, answer from idempotency_key where actor = $1 and route = $2 and key = $3',
        identity,
      );
      if (known?.request_hash !== requestHash) {
        throw new Problem(
          422,
          'idempotency-key-reused',
          'this Idempotency-Key was used for another request: take a new one',
        );
      }
      return known.answer;
    }
    const answer = await work(tx);
    await tx.query('update idempotency_key set answer = $4 where actor = $1 and route = $2 and key = $3', [
      ...identity,
      JSON.stringify(answer),
    ]);
    return answer;
  });
}
