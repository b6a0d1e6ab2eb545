import { EventLogError, kafkaFailureOf, toEventLogError } from './kafka-failure.js';

describe('an error of Kafka', () => {
  it.each([
    ['away', { name: 'KafkaJSConnectionError', message: 'connect ECONNREFUSED' }],
    ['unknown_topic', { name: 'KafkaJSProtocolError', type: 'UNKNOWN_TOPIC_OR_PARTITION' }],
    ['login', { name: 'KafkaJSSASLAuthenticationError' }],
    ['denied', { name: 'KafkaJSProtocolError', type: 'TOPIC_AUTHORIZATION_FAILED' }],
    ['denied', { name: 'KafkaJSProtocolError', type: 'GROUP_AUTHORIZATION_FAILED' }],
    ['too_large', { name: 'KafkaJSProtocolError', type: 'MESSAGE_TOO_LARGE' }],
    ['codec', { name: 'KafkaJSNotImplemented' }],
    ['other', { name: 'KafkaJSProtocolError', type: 'INVALID_REQUEST' }],
    ['other', new TypeError('ours')],
  ])('is %s, bare and in the wrappers of kafkajs', (failure, error) => {
    const once = { name: 'KafkaJSNonRetriableError', cause: error };
    const twice = { name: 'KafkaJSNumberOfRetriesExceeded', message: 'gave up', cause: once };
    for (const each of [error, once, twice]) expect(kafkaFailureOf(each)).toBe(failure);
  });

  it('that is its own cause is looked at once', () => {
    const error = { name: 'KafkaJSNumberOfRetriesExceeded', cause: undefined as unknown };
    error.cause = error;
    expect(kafkaFailureOf(error)).toBe('other');
  });

  it('becomes a sentence that names what was done and where, and is not wrapped again', () => {
    const denied = { type: 'TOPIC_AUTHORIZATION_FAILED', message: 'not authorized' };
    const error = toEventLogError(denied, 'reading for metering', ['a:9092', 'b:9092']);
    expect(error).toBeInstanceOf(EventLogError);
    expect(error.message).toMatch(/a:9092, b:9092 does not allow reading for metering: .*\(not authorized\)/);
    expect(toEventLogError(error, 'again', [])).toBe(error);
  });
});
