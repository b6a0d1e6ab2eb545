import { apiCallKey, TOPICS, type ApiCallEvent } from '@taxameter/contracts';
import { partitionForKey, STRUCTURED_CONTENT_TYPE } from '@taxameter/platform';
import type { Producer } from 'kafkajs';
import { kafkaOf, producerOf } from './topic.js';

const { partitions } = TOPICS.apiCalls;
const RECORDS_PER_SEND = 500;

/** Writes calls on the partitions of their keys, and says when all are acknowledged. */
export class ProbeSender {
  private readonly producer: Producer;

  constructor(
    brokers: string,
    private readonly topic: string,
  ) {
    this.producer = producerOf(kafkaOf(brokers));
  }

  connect(): Promise<void> {
    return this.producer.connect();
  }

  disconnect(): Promise<void> {
    return this.producer.disconnect();
  }

  /** One topic-partition a request. */
  async send(calls: readonly ApiCallEvent[]): Promise<void> {
    const all = calls.map((call) => ({
      partition: partitionForKey(apiCallKey(call.data), partitions),
      key: apiCallKey(call.data),
      value: JSON.stringify(call),
      headers: { 'content-type': STRUCTURED_CONTENT_TYPE },
    }));
    for (let partition = 0; partition < partitions; partition += 1) {
      const messages = all.filter((message) => message.partition === partition);
      for (let from = 0; from < messages.length; from += RECORDS_PER_SEND)
        await this.producer.send({
          topic: this.topic,
          acks: -1,
          messages: messages.slice(from, from + RECORDS_PER_SEND),
        });
    }
  }
}
