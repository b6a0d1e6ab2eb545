import { TOPICS } from '@taxameter/contracts';
import type { System } from '@taxameter/platform';

/** How far the topics of usage are read. A partition is named with its topic. */

export const USAGE_TOPICS: readonly string[] = [TOPICS.apiCalls.name, TOPICS.smsSent.name];

export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/**
 * The partitions that have records left to read.
 * @throws EventLogError when the event log does not answer
 */
export async function unreadUsage(system: System): Promise<string[]> {
  const unread = await Promise.all(
    USAGE_TOPICS.map(async (topic) => {
      const partitions = await system.unreadPartitions('fair-use', topic);
      return partitions.map((partition) => partitionName(topic, partition));
    }),
  );
  return unread.flat();
}
